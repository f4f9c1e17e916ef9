//! A folder of pictures with a report of them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use mdn_train::files::{ClaimError, Claims, Destination};
use mdn_train::plot::{Figure, Picture, Report};

/// A folder of results. Pictures are kept in memory until all are drawn and all their files are
/// claimed, so that a fault of one leaves none.
pub struct Album {
    folder: PathBuf,
    claims: Claims,
    drawn: Vec<(Destination, Vec<u8>)>,
    files: Vec<String>,
}

impl Album {
    /// Makes the folder where it does not exist.
    pub fn create(folder: &Path, claims: Claims) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Album {
            folder: folder.to_owned(),
            claims,
            drawn: Vec::new(),
            files: Vec::new(),
        })
    }

    /// Claims the file `name` in the folder and notes it.
    pub fn claim(&mut self, name: &str) -> Result<Destination, ClaimError> {
        let file = self.claims.claim(self.folder.join(name))?;
        self.files.push(file.path().display().to_string());
        Ok(file)
    }

    /// Draws `name`.png and `name`.svg and returns the picture for a report.
    pub fn add(
        &mut self,
        name: &str,
        picture: &impl Picture,
        caption: &str,
    ) -> anyhow::Result<Figure> {
        let [png, svg] = ["png", "svg"].map(|ending| self.claim(&format!("{name}.{ending}")));
        let (png, svg_file) = (png?, svg?);
        self.drawn.push((png, picture.to_png()?));
        let svg = picture.to_svg()?;
        self.drawn.push((svg_file, svg.clone().into_bytes()));
        Ok(Figure {
            svg,
            caption: caption.to_owned(),
        })
    }

    /// Writes the pictures, then report.html; returns the paths of all files of the album.
    pub fn finish(mut self, report: &Report) -> anyhow::Result<Vec<String>> {
        let file = self.claim("report.html")?;
        self.drawn.push((file, report.to_html().into_bytes()));
        for (file, bytes) in &self.drawn {
            file.write(|out| out.write_all(bytes))?;
        }
        Ok(self.files)
    }
}
