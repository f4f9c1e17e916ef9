//! A report in one file: figures, words and pictures.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page that needs no other file and no network, for screen (light or dark) and paper.
///
/// All texts are plain: characters that mean something to HTML are escaped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The heading of the page.
    pub title: String,
    /// What the page is about; a blank line starts a new paragraph. May be empty.
    pub introduction: String,
    /// The table of key figures; may be empty.
    pub summary: Vec<SummaryRow>,
    /// What follows, in order.
    pub sections: Vec<Section>,
}

/// A line of the table of key figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SummaryRow {
    /// What was measured.
    pub label: String,
    /// The outcome, with its unit.
    pub value: String,
    /// What it means to the reader.
    pub explanation: String,
}

/// A part of the report under its own heading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// Words; a blank line starts a new paragraph. May be empty.
    pub words: String,
    /// Pictures, in order.
    pub figures: Vec<Figure>,
}

/// A picture with words below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figure {
    /// SVG as [`Picture::to_svg`](super::Picture::to_svg) gives it; it goes into the page as it
    /// is.
    pub svg: String,
    /// What the picture shows; also read out to those who do not see it.
    pub caption: String,
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #222; --soft: #5a5a5a; --line: #d9d9d9; --page: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --soft: #a8a8a8; --line: #444; --page: #1b1b1d; }
}
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--page);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
p { max-width: 46rem; white-space: pre-line; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem .45rem 0;
  border-bottom: 1px solid var(--line); }
thead th, td.explanation, figcaption { color: var(--soft); }
td.value { font-variant-numeric: tabular-nums; white-space: nowrap; font-weight: 600; }
figure { margin: 1.25rem 0 2rem; break-inside: avoid; }
figure svg { display: block; width: 100%; height: auto; background: #fff; border-radius: 6px;
  border: 1px solid var(--line); }
figcaption { margin-top: .5rem; font-size: .92rem; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } }
";

impl Report {
    /// The page.
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main {
                        h1 { (self.title) }
                        (paragraphs(&self.introduction))
                        @if !self.summary.is_empty() { (summary_table(&self.summary)) }
                        @for part in &self.sections { (section(part)) }
                    }
                }
            }
        };
        page.into_string()
    }
}

fn summary_table(rows: &[SummaryRow]) -> Markup {
    html! {
        table {
            thead {
                tr { th scope="col" { "Figure" } th scope="col" { "Value" } th scope="col" { "Meaning" } }
            }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { (row.label) }
                        td.value { (row.value) }
                        td.explanation { (row.explanation) }
                    }
                }
            }
        }
    }
}

fn section(part: &Section) -> Markup {
    html! {
        section {
            h2 { (part.heading) }
            (paragraphs(&part.words))
            @for figure in &part.figures {
                figure {
                    div role="img" aria-label=(figure.caption) { (PreEscaped(&figure.svg)) }
                    figcaption { (figure.caption) }
                }
            }
        }
    }
}

fn paragraphs(words: &str) -> Markup {
    let paragraphs = words
        .split("\n\n")
        .map(str::trim)
        .filter(|text| !text.is_empty());
    html! {
        @for text in paragraphs { p { (text) } }
    }
}
