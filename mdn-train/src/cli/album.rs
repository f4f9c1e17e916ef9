//! A folder of pictures with a report of them.

use std::collections::BTreeMap;
use std::path::Path;

use mdn_train::files::{ClaimError, Claims, Destination, ResultFolder, WriteError};
use mdn_train::plot::{Figure, Picture, Report};

const REPORT: &str = "report.html";

/// The program with its version, and the command as it can be given again.
pub fn command_line() -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    let quoted = |word: String| match !word.is_empty() && word.chars().all(plain) {
        true => word,
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| quoted(word.to_string_lossy().into_owned()));
    let words: Vec<String> = words.collect();
    format!(
        "Command: mdn-train {}\n\nVersion: mdn-train {}.",
        words.join(" "),
        env!("CARGO_PKG_VERSION")
    )
}

/// A folder of results. Pictures are kept in memory until all are drawn and all their files are
/// claimed, so that a fault of one leaves none.
pub struct Album {
    folder: ResultFolder,
    reserved: BTreeMap<String, Destination>,
    drawn: Vec<(Destination, Vec<u8>)>,
    files: Vec<String>,
}

impl Album {
    /// The folder is made with the first file.
    pub fn create(folder: &Path, claims: Claims) -> Result<Self, ClaimError> {
        Ok(Album {
            folder: ResultFolder::create(folder, claims)?,
            reserved: BTreeMap::new(),
            drawn: Vec::new(),
            files: Vec::new(),
        })
    }

    /// Claims the files of the pictures and of the report before long work whose results they are.
    pub fn reserve(&mut self, pictures: &[&str]) -> Result<(), ClaimError> {
        let files = ["png", "svg"].map(|ending| pictures.iter().map(move |name| (name, ending)));
        let files = files.into_iter().flatten();
        let files = files.map(|(name, ending)| format!("{name}.{ending}"));
        for name in files.chain([REPORT.to_owned()]) {
            let file = self.folder.claim(&name)?;
            self.reserved.insert(name, file);
        }
        Ok(())
    }

    /// Claims the file `name` in the folder and notes it.
    pub fn claim(&mut self, name: &str) -> Result<Destination, ClaimError> {
        let file = match self.reserved.remove(name) {
            Some(file) => file,
            None => self.folder.claim(name)?,
        };
        self.files.push(file.path().display().to_string());
        Ok(file)
    }

    /// Writes a file that was claimed, before the pictures.
    pub fn write(&mut self, file: Destination, bytes: Vec<u8>) -> Result<(), WriteError> {
        self.folder.write(&[(file, bytes)])
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
        let file = self.claim(REPORT)?;
        self.drawn.push((file, report.to_html().into_bytes()));
        self.folder.write(&self.drawn)?;
        Ok(self.files)
    }
}
