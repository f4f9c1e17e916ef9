//! Where pictures are drawn: PNG files and SVG text.

use std::io::{self, Write};
use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::files::{PNG_SOFTWARE, SVG_METADATA};

/// The size of a picture in pixels: twice what a page usually gives it, so that dense screens
/// and paper show it sharp.
const SIZE: (u32, u32) = (1920, 1280);
/// The name under which both kinds of picture ask for the font.
pub(super) const FONT: &str = "sans-serif";

/// What drawing on the backend `B` gives.
pub type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// A picture that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The built-in font could not be read.
    #[error("the built-in font cannot be read")]
    Font,
    /// The drawing library gave up.
    #[error("the picture cannot be drawn: {0}")]
    Draw(String),
    /// A grid's values do not fill its rows and columns.
    #[error("a grid of {columns} by {rows} cells cannot hold {values} values")]
    GridShape {
        /// Cells along x.
        columns: usize,
        /// Cells along y.
        rows: usize,
        /// The values given.
        values: usize,
    },
}

/// Something that can be drawn, on PNG and SVG alike.
pub trait Picture {
    /// Draws on all of `area`, which should be about 1920 × 1280 pixels.
    ///
    /// # Errors
    /// When the backend fails.
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B>;

    /// The picture as a PNG file of 1920 × 1280 pixels.
    ///
    /// # Errors
    /// When the picture cannot be drawn.
    fn to_png(&self) -> Result<Vec<u8>, PlotError> {
        let mut pixels = vec![0; 3 * SIZE.0 as usize * SIZE.1 as usize];
        draw_on(self, BitMapBackend::with_buffer(&mut pixels, SIZE))?;
        let mut png = Vec::new();
        let encoded = encode_png(&mut png, &pixels);
        encoded.map_err(|error| PlotError::Draw(error.to_string()))?;
        Ok(png)
    }

    /// The picture as SVG text, 960 × 640 pixels and scalable, that refers to nothing outside.
    ///
    /// # Errors
    /// When the picture cannot be drawn.
    fn to_svg(&self) -> Result<String, PlotError> {
        let mut text = String::new();
        draw_on(self, SVGBackend::with_string(&mut text, SIZE))?;
        // The library counts whole pixels; shown at half size, its steps do not show.
        let (full, half) = (svg_size(SIZE), svg_size((SIZE.0 / 2, SIZE.1 / 2)));
        let text = text.replacen(&full, &half, 1);
        let text = text.replacen('>', &format!(">\n{SVG_METADATA}"), 1);
        // The library leaves half of the media type out, which strict readers do not forgive.
        Ok(text.replace("href=\"data:png;base64,", "href=\"data:image/png;base64,"))
    }
}

fn draw_on<P: Picture + ?Sized, B: DrawingBackend>(
    picture: &P,
    backend: B,
) -> Result<(), PlotError> {
    if !font_is_registered() {
        return Err(PlotError::Font);
    }
    let area = backend.into_drawing_area();
    let drawn = area.fill(&WHITE).and_then(|()| picture.draw(&area));
    drawn
        .and_then(|()| area.present())
        .map_err(|error| PlotError::Draw(error.to_string()))
}

/// Registers the built-in font on the first call; the drawing library has none of its own.
pub(super) fn font_is_registered() -> bool {
    static FONT_BYTES: &[u8] = include_bytes!("../../assets/MdnPlotSans.ttf");
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    *REGISTERED.get_or_init(|| register_font(FONT, FontStyle::Normal, FONT_BYTES).is_ok())
}

/// The attributes that give an SVG picture its size.
fn svg_size((width, height): (u32, u32)) -> String {
    format!("width=\"{width}\" height=\"{height}\"")
}

/// `pixels` are 8-bit red, green and blue, row-major.
fn encode_png(out: &mut dyn Write, pixels: &[u8]) -> io::Result<()> {
    let mut encoder = png::Encoder::new(out, SIZE.0, SIZE.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Large even areas compress best as they are: half the size that differences give.
    encoder.set_filter(png::FilterType::NoFilter);
    encoder.set_compression(png::Compression::Best);
    let (keyword, maker) = PNG_SOFTWARE;
    encoder.add_text_chunk(keyword.to_owned(), maker.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    Ok(writer.finish()?)
}
