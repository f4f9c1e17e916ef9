//! Texts shortened to the room that they have.

use super::frame::text;

/// Of the room, what viewers of SVG pictures whose font is wider than the built-in one may need.
const SLACK: f64 = 0.95;
/// The fewest characters that are kept, two at the beginning and one at the end.
const LEAST: usize = 3;

/// `words` of `size` pixels, its middle replaced by an ellipsis where it is wider than `room` pixels.
/// Three characters remain at least.
///
/// O(n log n) for n characters.
pub(super) fn fitted(words: &str, size: u32, room: u32) -> String {
    if fits(words, size, room) {
        return words.to_owned();
    }
    let characters: Vec<char> = words.chars().collect();
    // The most characters that fit lie from `low` up, and below `high`.
    let (mut low, mut high) = (LEAST, characters.len());
    while low + 1 < high {
        let middle = (low + high) / 2;
        match fits(&without_middle(&characters, middle), size, room) {
            true => low = middle,
            false => high = middle,
        }
    }
    without_middle(&characters, low)
}

/// Both names for a title with two of them, each without its middle where together they are too long: the
/// words between them stay.
pub(crate) fn for_title(names: [&str; 2]) -> [String; 2] {
    /// What a title has room for beside a few words of its own.
    const BOTH: usize = 46;
    let characters = names.map(|name| name.chars().collect::<Vec<char>>());
    let lengths = [0, 1].map(|i| characters[i].len());
    [0, 1].map(|i| {
        let most = BOTH.saturating_sub(lengths[1 - i]).max(BOTH / 2);
        without_middle(&characters[i], most)
    })
}

/// As [`fitted`] for several names: those that differ stay different, by where
/// they begin to differ.
pub(super) fn fitted_names(names: &[String], size: u32, room: u32) -> Vec<String> {
    let shown = names.iter().map(|name| fitted(name, size, room));
    let mut shown: Vec<String> = shown.collect();
    // What each is shown from, in characters; it grows with every round.
    let mut from = vec![0; names.len()];
    while let Some(alike) = alike(names, &shown, &from) {
        let common = common_beginning(alike.iter().map(|&i| names[i].as_str()));
        for i in alike {
            from[i] = common.max(from[i]);
            let rest: String = names[i].chars().skip(from[i]).collect();
            shown[i] = fitted(&format!("…{rest}"), size, room);
        }
    }
    shown
}

/// Different names that are shown alike and have more in common than what is left out of them.
fn alike(names: &[String], shown: &[String], from: &[usize]) -> Option<Vec<usize>> {
    (0..names.len()).find_map(|first| {
        let same = (first..names.len()).filter(|&i| shown[i] == shown[first]);
        let same: Vec<usize> = same.collect();
        let differ = same.iter().any(|&i| names[i] != names[first]);
        let common = common_beginning(same.iter().map(|&i| names[i].as_str()));
        (differ && same.iter().any(|&i| from[i] < common)).then_some(same)
    })
}

/// How many characters all begin with.
fn common_beginning<'n>(names: impl Iterator<Item = &'n str> + Clone) -> usize {
    let Some(first) = names.clone().next() else {
        return 0;
    };
    let common = |name: &str| {
        let pairs = first.chars().zip(name.chars());
        pairs.take_while(|(a, b)| a == b).count()
    };
    names.map(common).min().unwrap_or(0)
}

/// The beginning and the end of `characters`, `kept` of them, with an ellipsis between.
fn without_middle(characters: &[char], kept: usize) -> String {
    if kept >= characters.len() {
        return characters.iter().collect();
    }
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let (start, end) = (&characters[..head], &characters[characters.len() - tail..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// Whether a text is as narrow as that.
pub(super) fn fits(words: &str, size: u32, room: u32) -> bool {
    f64::from(width(words, size)) <= SLACK * f64::from(room)
}

/// How wide a text is, in pixels.
pub(super) fn width(words: &str, size: u32) -> u32 {
    // Without the font nothing is drawn at all.
    let found = text(size).font.box_size(words);
    found.map_or(0, |(width, _)| width)
}

#[cfg(test)]
mod tests {
    use super::super::canvas::font_is_registered;
    use super::*;

    #[test]
    fn what_fits_is_left_alone_and_else_the_middle_goes() {
        assert!(font_is_registered());
        assert_eq!(fitted("short", 40, 400), "short");
        assert_eq!(fitted("", 40, 0), "");
        let long = "beginning ".repeat(30) + "end";
        for room in [200, 400, 1000, 2000] {
            let found = fitted(&long, 40, room);
            assert!(width(&found, 40) <= room, "{found}");
            // Not much shorter than it need be.
            assert!(
                f64::from(width(&found, 40)) + 60.0 > SLACK * f64::from(room),
                "{found}"
            );
            assert!(
                found.starts_with("beg") && found.ends_with("end"),
                "{found}"
            );
        }
        assert_eq!(fitted("abcdefgh", 40, 0), "ab…h");
        assert_eq!(fitted("äöü", 40, 0), "äöü");
        let huge = "x".repeat(100_000);
        assert!(fitted(&huge, 40, 500).chars().count() < 60);
    }

    #[test]
    fn names_in_a_title_share_the_room() {
        assert_eq!(for_title(["y", "x"]), ["y", "x"]);
        let long = "a name of more characters than a title has room for";
        let [whole, cut] = for_title(["strength", long]);
        assert_eq!((whole.as_str(), cut.chars().count()), ("strength", 39));
        assert!(
            cut.starts_with("a name") && cut.ends_with("room for"),
            "{cut}"
        );
        let both = for_title([long, long]);
        assert!(
            both.iter().all(|name| name.chars().count() == 24),
            "{both:?}"
        );
        assert_eq!(for_title(["", long])[1].chars().count(), 47);
    }

    #[test]
    fn different_names_stay_different() {
        assert!(font_is_registered());
        let long = "the same beginning of every name ".repeat(3);
        let cases = [
            vec![format!("{long}a"), format!("{long}b")],
            vec![format!("{long}a{long}"), format!("{long}b{long}")],
            vec![
                format!("{long}a{long}"),
                format!("{long}b{long}"),
                format!("{long}ac{long}"),
                format!("{long}{long}"),
                long.clone(),
                "short".to_owned(),
            ],
        ];
        for names in cases {
            for room in [150, 300, 600] {
                let shown = fitted_names(&names, 36, room);
                for (i, one) in shown.iter().enumerate() {
                    assert!(width(one, 36) <= room, "{one}");
                    assert!(!shown[..i].contains(one), "{shown:?}");
                }
            }
        }
        let same = vec![long.clone(), long];
        let shown = fitted_names(&same, 36, 200);
        assert_eq!(shown[0], shown[1]);
    }
}
