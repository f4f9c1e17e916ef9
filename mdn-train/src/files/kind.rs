//! Which files are results of this program, told by what they hold.

#[cfg(feature = "text")]
mod tables;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use memchr::memmem::find;

/// How a model file begins (`FORMAT.md`).
pub(crate) const MODEL: &[u8] = b"\x89MDN\r\n\x1a\n";
/// What pictures say of their maker, each in its format's own way.
pub(crate) const PNG_SOFTWARE: (&str, &str) = ("Software", "mdn-train");
pub(crate) const SVG_METADATA: &str = "<metadata>mdn-train</metadata>";
/// Within so many bytes a picture names its maker, and a table ends its header.
const HEAD: u64 = 1 << 16;

/// What a result is, which says what it may replace: another one of its kind, of which this program
/// is the maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A model file, which is told by how it begins.
    Model,
    /// A table of draws, predictions or samples. Of answers the header tells, of draws from a
    /// built-in problem that every row is one that the problem's law can give.
    Table,
    /// A PNG or SVG picture, which names its maker.
    Picture,
}

impl Kind {
    /// Whether the file at `path` is such a result. Reads all of it only where its header is that
    /// of a built-in problem.
    pub(super) fn is_of(self, path: &Path) -> bool {
        let mut head = Vec::new();
        let Ok(file) = File::open(path) else {
            return false;
        };
        if (&file).take(HEAD).read_to_end(&mut head).is_err() {
            return false;
        }
        match self {
            Kind::Model => head.starts_with(MODEL),
            Kind::Picture => names_maker(&head),
            Kind::Table => tables::is_ours(&head, path),
        }
    }

    /// What a file that this may replace is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Model => "a model file",
            Kind::Table => "a table that mdn-train wrote",
            Kind::Picture => "a picture that mdn-train drew",
        }
    }
}

fn names_maker(head: &[u8]) -> bool {
    let (keyword, name) = PNG_SOFTWARE;
    let png = format!("tEXt{keyword}\0{name}");
    let is_png = head.starts_with(b"\x89PNG\r\n\x1a\n") && find(head, png.as_bytes()).is_some();
    is_png || head.starts_with(b"<svg ") && find(head, SVG_METADATA.as_bytes()).is_some()
}

/// Without text no table is written, and none is known.
#[cfg(not(feature = "text"))]
mod tables {
    pub(super) fn is_ours(_: &[u8], _: &std::path::Path) -> bool {
        false
    }
}

#[cfg(all(test, feature = "plot"))]
mod tests {
    use super::*;
    use crate::data::generators::{
        Draws, bishop, correlated_pair, friedman, inverse_sine, sparse_linear, timber, two_link_arm,
    };
    use crate::plot::{Picture, Trials};

    const KINDS: [Kind; 3] = [Kind::Model, Kind::Table, Kind::Picture];

    fn kind_of(bytes: &[u8]) -> Option<Kind> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, bytes).unwrap();
        KINDS.into_iter().find(|kind| kind.is_of(&path))
    }

    #[test]
    fn results_are_known_by_what_they_hold() {
        let sample = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../mdn-infer/samples/classic.mdn"
        );
        assert_eq!(kind_of(&std::fs::read(sample).unwrap()), Some(Kind::Model));
        for seed in 0..3 {
            for draws in [
                Draws::of_numbers(bishop(3000, seed), 1),
                Draws::of_numbers(inverse_sine(3000, seed), 1),
                Draws::of_numbers(two_link_arm(3000, seed), 2),
                Draws::of_numbers(friedman(3000, seed), 5),
                Draws::of_numbers(sparse_linear(3000, seed), 8),
                Draws::of_numbers(correlated_pair(3000, seed), 3),
                timber(3000, seed),
            ] {
                for noise in [0, 2] {
                    let mut text = Vec::new();
                    let draws = draws.clone().with_noise_columns(noise, seed);
                    draws.write_to(&mut text).unwrap();
                    assert_eq!(
                        kind_of(&text),
                        Some(Kind::Table),
                        "{:?}",
                        draws.table.columns
                    );
                }
            }
        }
        for header in [
            "line,y_mean,y_sd,y_q0.5",
            "line,y_mean,y_sd,z_mean,z_sd,z_hdr0.9,log_density,weight_1,y_mean_1,cov_y_z_1,modes,mode_1_y",
            "line,\"a, b_mean\",\"a, b_sd\"",
            "line,draw,component,y",
            "line,outside_range,y_mean,y_sd,y_q0.5,y_at0,y_es0.05,problem",
            "line,outside_range,draw,component,y",
            "line,outside_range,draw,component,y,problem",
        ] {
            assert_eq!(kind_of(format!("{header}\n").as_bytes()), Some(Kind::Table));
        }
        let picture = Trials {
            scores: vec![vec![1.0, 2.0], vec![3.0]],
            ..Trials::default()
        };
        assert_eq!(kind_of(&picture.to_png().unwrap()), Some(Kind::Picture));
        let svg = picture.to_svg().unwrap();
        assert_eq!(kind_of(svg.as_bytes()), Some(Kind::Picture));
    }

    #[test]
    fn what_others_made_is_no_result() {
        let draws = {
            let mut text = Vec::new();
            inverse_sine(50, 0).write_to(&mut text).unwrap();
            String::from_utf8(text).unwrap()
        };
        for text in [
            "",
            "x,y\n5.2714715,1\n",
            "x,y\n1.23456789,2.34567891\n",
            "x,y\n",
            "x,t\n0.5,0.9\n",
            "x,y,shoulder,elbow\n0,0,1,1\n",
            "x,noise_2,y\n0.1234567,0.1234567,0.1234567\n",
            "x,noise_1,y\n0.1234567,9.1234567,0.1234567\n",
            "species,grade,moisture,strength\noak,A,12.345678,20.345678\n",
            "species,grade,moisture,strength\noak,A,12.3,88.7\n",
            "line,y\n2,1\n",
            "line,y_mean,z_sd\n2,1,1\n",
            "line,y_mean,y_sd,my notes\n2,1,1,seen\n",
            "line,y_mean,y_sd,y_q0.5,comment\n2,1,1,1,x\n",
            "line,y_mean,y_sd",
            "\u{89}MDN",
            "<svg width=\"1\"></svg>",
            &format!("{draws}100,0\n"),
            &format!("{draws}1\n"),
            &format!("{draws}1,y\n"),
            &draws.replacen("x,y", "x,z", 1),
        ] {
            assert_eq!(kind_of(text.as_bytes()), None, "{text}");
        }
        let photo = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 100]].concat();
        assert_eq!(kind_of(&photo), None);
    }
}
