//! Pictures and the report: that they come out, are sane and stay small.
//!
//! With the environment variable `MDN_KEEP_PICTURES` naming a folder, they are left there to look at.

use mdn_train::data::generators;
use mdn_train::loss::LossKind;
use mdn_train::plot::{
    Across, Band, Calibration, FanChart, Figure, Grid, Heatmap, Loss, MeanCurve, Picture,
    PitHistogram, Point, Report, Rows, Samples, Scatter, Section, SummaryRow, Weights, centres,
};

fn curve_points(rows: usize, seed: u64) -> Vec<Point> {
    let table = generators::inverse_sine(rows, seed);
    let rows = table.values.chunks_exact(2);
    rows.map(|row| (row[0] as f32, row[1] as f32)).collect()
}

/// The true conditional density of the inverse problem on a grid.
fn curve_density(columns: usize, rows: usize) -> Grid {
    let (x_range, y_range) = ((-14.0, 14.0), (-11.0, 11.0));
    let (xs, ys) = (centres(x_range, columns), centres(y_range, rows));
    let joint = |x: f32, y: f32| {
        let residual = f64::from(x) - generators::inverse_sine_curve(f64::from(y));
        let inside = if y.abs() < 10.5 { 1.0 } else { 0.0 };
        inside * (-0.5 * residual * residual).exp()
    };
    let cell = f64::from(y_range.1 - y_range.0) / rows as f64;
    let totals: Vec<f64> = xs
        .iter()
        .map(|&x| {
            ys.iter()
                .map(|&y| joint(x, y) * cell)
                .sum::<f64>()
                .max(1e-12)
        })
        .collect();
    let mut values = Vec::new();
    for &y in &ys {
        values.extend(
            xs.iter()
                .zip(&totals)
                .map(|(&x, total)| (joint(x, y) / total) as f32),
        );
    }
    Grid::new(x_range, y_range, columns, rows, values).unwrap()
}

fn heatmap(columns: usize, rows: usize) -> Heatmap {
    Heatmap {
        title: "Density of y given x".into(),
        x_label: "x".into(),
        y_label: "y".into(),
        value_label: "density".into(),
        grid: curve_density(columns, rows),
        points: curve_points(300, 2).into(),
        across: Across::Numbers,
        mean: None,
    }
}

fn loss() -> Loss {
    let value = |step: u64, floor: f32| floor + 1.6 * (-(step as f32) / 900.0).exp();
    let wave = |step: u64| 0.02 * ((step * 7919) % 97) as f32 / 97.0;
    Loss {
        title: "Loss during training".into(),
        kind: LossKind::Nll,
        of: String::new(),
        train: (0..400)
            .map(|i| (i * 25, value(i * 25, 1.28) + wave(i)))
            .collect(),
        validation: (0..100)
            .map(|i| {
                (
                    i * 100,
                    value(i * 100, 1.32) + 8e-10 * (i * 100).pow(2) as f32,
                )
            })
            .collect(),
        starts: Vec::new(),
    }
}

fn scatter() -> Scatter {
    Scatter {
        title: "Data".into(),
        x_label: "x".into(),
        y_label: "y".into(),
        points: curve_points(2000, 1),
    }
}

fn samples() -> Samples {
    Samples {
        title: "Draws from the model".into(),
        x_label: "x".into(),
        y_label: "y".into(),
        draws: curve_points(2000, 7),
        data: curve_points(1000, 1).into(),
        across: Across::Numbers,
        shown: None,
    }
}

fn pit() -> PitHistogram {
    PitHistogram {
        title: "Probability integral transform".into(),
        counts: (0..20)
            .map(|i| 100 + (i * 37) % 23 - 11 + 30 * u64::from(i == 0))
            .collect(),
    }
}

fn calibration() -> Calibration {
    Calibration {
        title: "Coverage of central intervals".into(),
        points: (1..20)
            .map(|i| i as f32 / 20.0)
            .map(|p| (p, p - 0.12 * p * (1.0 - p)))
            .collect(),
        rows: 1000,
    }
}

fn fan() -> FanChart {
    let x: Vec<f32> = (0..=100).map(|i| i as f32 * 0.1).collect();
    let median: Vec<f32> = x.iter().map(|x| 20.0 * x.sin()).collect();
    let band = |probability: f32, z: f32| {
        let width = |x: &f32| z * (2.0 + 0.6 * x);
        let at = |sign: f32| {
            x.iter()
                .zip(&median)
                .map(|(x, m)| m + sign * width(x))
                .collect()
        };
        Band {
            probability,
            lower: at(-1.0),
            upper: at(1.0),
        }
    };
    let bands = vec![band(0.5, 0.674), band(0.9, 1.645), band(0.99, 2.576)];
    let data = x.iter().enumerate().map(|(i, &x)| {
        (
            x,
            20.0 * x.sin() + (2.0 + 0.6 * x) * (((i * 61) % 41) as f32 / 10.0 - 2.0),
        )
    });
    FanChart {
        title: "Speed over time".into(),
        x_label: "time (s)".into(),
        y_label: "speed (m/s)".into(),
        data: data.collect::<Vec<Point>>().into(),
        across: Across::Numbers,
        turn: None,
        shown: None,
        x,
        bands,
        median,
    }
}

/// Decodes the PNG that `picture` writes into its size and RGB pixels.
fn pixels(picture: &impl Picture, name: &str) -> ((u32, u32), Vec<u8>) {
    let png = picture.to_png().unwrap();
    if let Ok(kept) = std::env::var("MDN_KEEP_PICTURES") {
        let path = std::path::Path::new(&kept).join(name);
        std::fs::write(&path, &png).unwrap();
        std::fs::write(path.with_extension("svg"), picture.to_svg().unwrap()).unwrap();
    }
    let decoder = png::Decoder::new(png.as_slice());
    let mut reader = decoder.read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut buffer).unwrap();
    ((info.width, info.height), buffer)
}

/// How many pixels have about the colour given.
fn count(pixels: &[u8], colour: [u8; 3]) -> usize {
    let near = |pixel: &&[u8]| pixel.iter().zip(colour).all(|(&a, b)| a.abs_diff(b) < 12);
    pixels.chunks_exact(3).filter(near).count()
}

const BLUE: [u8; 3] = [0, 114, 178];
const ORANGE: [u8; 3] = [213, 94, 0];
const GREEN: [u8; 3] = [0, 158, 115];
const INK: [u8; 3] = [40, 40, 40];

#[test]
fn every_picture_comes_out_as_png_with_text() {
    let check = |picture: &dyn Fn() -> ((u32, u32), Vec<u8>)| {
        let (size, pixels) = picture();
        assert_eq!(size, (1920, 1280));
        assert!(count(&pixels, INK) > 1500, "little text");
        assert!(count(&pixels, [255; 3]) > 200_000, "no white page");
        pixels
    };
    let loss = check(&|| pixels(&loss(), "loss.png"));
    assert!(count(&loss, BLUE) > 3000 && count(&loss, ORANGE) > 3000 && count(&loss, GREEN) > 100);
    check(&|| pixels(&scatter(), "scatter.png"));
    check(&|| pixels(&samples(), "samples.png"));
    let pit = check(&|| pixels(&pit(), "pit.png"));
    assert!(count(&pit, ORANGE) > 3000);
    let calibration = check(&|| pixels(&calibration(), "calibration.png"));
    assert!(count(&calibration, BLUE) > 3000);
    let fan = check(&|| pixels(&fan(), "fan.png"));
    assert!(count(&fan, ORANGE) > 3000);
}

#[test]
fn the_heatmap_shows_its_branches() {
    let mut picture = heatmap(120, 120);
    pixels(&picture, "heatmap-points.png");
    picture.points = Rows::default();
    let ((width, height), pixels) = pixels(&picture, "heatmap.png");
    // Down the pixel column of x = 0, the colour turns from dark to bright once a branch.
    let column = (0.48 * width as f32) as u32;
    let bright = |row: u32| pixels[3 * (row * width + column) as usize + 1] > 60;
    let inside = height / 8..height * 7 / 8;
    let branches = inside
        .filter(|&row| bright(row + 1) && !bright(row))
        .count();
    assert_eq!(branches, 5);
}

#[test]
fn svg_is_whole_small_and_alone() {
    let check = |svg: String, name: &str, limit: usize| {
        assert!(
            svg.starts_with("<svg width=\"960\" height=\"640\" viewBox=\"0 0 1920 1280\"")
                && svg.trim_end().ends_with("</svg>"),
            "{name}"
        );
        assert!(svg.len() < limit, "{name}: {} bytes", svg.len());
        assert!(svg.contains("<text"), "{name}");
        let outside = svg.replace("http://www.w3.org/2000/svg", "");
        assert!(!outside.contains("http"), "{name}");
    };
    check(loss().to_svg().unwrap(), "loss", 40_000);
    check(scatter().to_svg().unwrap(), "scatter", 300_000);
    check(samples().to_svg().unwrap(), "samples", 500_000);
    check(pit().to_svg().unwrap(), "pit", 40_000);
    check(calibration().to_svg().unwrap(), "calibration", 40_000);
    check(fan().to_svg().unwrap(), "fan", 60_000);
    let heatmap = heatmap(100, 100).to_svg().unwrap();
    assert!(heatmap.contains("href=\"data:image/png;base64,iVBORw0KGgo"));
    check(heatmap, "heatmap", 700_000);
}

#[test]
fn many_points_do_not_make_large_files() {
    let mut scatter = scatter();
    scatter.points = curve_points(100_000, 1);
    assert!(scatter.to_svg().unwrap().len() < 600_000);
}

/// What is written on a picture.
fn texts(svg: &str) -> Vec<&str> {
    let after = svg.split("<text").skip(1);
    let text = after.filter_map(|rest| rest.split_once('>')?.1.split_once("</text>"));
    text.map(|(text, _)| text.trim()).collect()
}

/// The numbers along the axes, as they are written.
fn largest_tick(svg: &str) -> f64 {
    let numbers = texts(svg)
        .into_iter()
        .filter_map(|text| text.parse::<f64>().ok());
    numbers.fold(0.0, f64::max)
}

#[test]
fn outliers_are_counted_at_the_edge_and_do_not_set_the_axes() {
    let with_outliers = || {
        let mut points = curve_points(300, 2);
        points.extend([(59e3, 0.0), (0.0, 6e6), (-7e5, -7e5)]);
        points
    };
    let sane = |svg: String, name: &str, words: &str| {
        assert!(texts(&svg).contains(&words), "{name}: {:?}", texts(&svg));
        assert!(largest_tick(&svg) < 20_000.0, "{name}: {:?}", texts(&svg));
    };
    let mut scatter = scatter();
    scatter.points = with_outliers();
    sane(draw(scatter), "scatter", "3 rows beyond");
    let mut samples = samples();
    samples.data = with_outliers().into();
    samples.draws = with_outliers();
    let svg = draw(samples);
    sane(svg.clone(), "samples", "3 rows beyond");
    sane(svg, "samples", "3 draws beyond");
    let mut map = heatmap(20, 20);
    map.points = with_outliers().into();
    sane(draw(map), "heatmap", "3 rows beyond");
    let mut fan = fan();
    let places = fan.data.near.len();
    fan.data.near[places / 2].1 = 6e6;
    fan.data.far = vec![(3.0, -6e6), (4.0, 5.0)];
    fan.bands[2].upper[50] = 6e6;
    fan.median[50] = 5e6;
    let svg = draw(fan);
    sane(svg.clone(), "fan", "2 rows beyond");
    assert!(texts(&svg).contains(&"rows near the slice") && texts(&svg).contains(&"other rows"));
    let mut loss = loss();
    loss.train[0].1 = 6e6;
    sane(draw(loss), "loss", "1 loss beyond");
}

#[test]
fn categories_have_their_names_and_no_numbers_between() {
    let names = ["basalt", "granite", "a stone with a very long name"]
        .map(str::to_owned)
        .to_vec();
    let x = vec![0.0, 1.0, 2.0];
    let range = (-0.5, 2.5);
    let cells = (0..30).map(|i| (i % 7) as f32).collect();
    let map = Heatmap {
        grid: Grid::new(range, (0.0, 1.0), 3, 10, cells).unwrap(),
        points: vec![(0.1, 0.5), (2.0, 0.7)].into(),
        across: Across::Categories(names.clone()),
        ..heatmap(2, 2)
    };
    let band = Band {
        probability: 0.9,
        lower: vec![0.1, 0.2, 0.3],
        upper: vec![0.5, 0.6, 0.9],
    };
    let fan = FanChart {
        x: x.clone(),
        bands: vec![band],
        median: vec![0.3, 0.4, 0.5],
        across: Across::Categories(names.clone()),
        ..FanChart::default()
    };
    let samples = Samples {
        draws: vec![(0.0, 0.3), (1.2, 0.4)],
        across: Across::Categories(names.clone()),
        ..Samples::default()
    };
    let weights = Weights {
        x,
        weights: vec![vec![0.2, 0.5, 0.9], vec![0.8, 0.5, 0.1]],
        across: Across::Categories(names),
        ..Weights::default()
    };
    for (name, svg) in [
        ("map", kept(&map, "map.png")),
        ("fan", kept(&fan, "fan-categories.png")),
        ("samples", kept(&samples, "samples-categories.png")),
        ("weights", kept(&weights, "weights-categories.png")),
    ] {
        let texts = texts(&svg);
        for words in ["basalt", "granite", "a stone with a very long name"] {
            assert!(texts.contains(&words), "{name}: {texts:?}");
        }
        // Ticks up the side go to 1 at most, and those of the colours are whole from there.
        assert!(
            !texts.contains(&"−0.5") && !texts.contains(&"1.5"),
            "{name}: {texts:?}"
        );
    }
}

#[test]
fn no_legend_is_empty() {
    let rectangles = |svg: String| svg.matches("<rect").count();
    let scattered = rectangles(draw(scatter()));
    let mut outlying = scatter();
    outlying.points.push((59e3, 0.0));
    assert!(rectangles(draw(outlying)) > scattered);
    let mut map = heatmap(20, 20);
    let with_rows = rectangles(draw(map.clone()));
    map.points = Rows::default();
    assert!(rectangles(draw(map)) < with_rows);
}

#[test]
fn days_are_written_as_dates() {
    let fan = FanChart {
        across: Across::Dates,
        x: (0..100).map(|day| 14_610.0 + 3.65 * day as f32).collect(),
        ..fan()
    };
    let svg = draw(FanChart {
        data: Rows::default(),
        ..fan
    });
    let dates = texts(&svg)
        .into_iter()
        .filter(|text| text.starts_with("2010-"))
        .count();
    assert!(dates >= 3, "{:?}", texts(&svg));
}

#[test]
fn the_scale_of_a_heatmap_says_that_it_is_a_root() {
    let svg = draw(heatmap(20, 20));
    let texts = texts(&svg);
    assert!(
        texts.contains(&"density") && texts.contains(&"(√ scale)"),
        "{texts:?}"
    );
}

/// Draws both ways, keeps what is drawn where it is asked for, and gives the SVG.
fn kept(picture: &impl Picture, name: &str) -> String {
    pixels(picture, name);
    picture.to_svg().unwrap()
}

/// Draws both ways and gives the SVG.
fn draw(picture: impl Picture) -> String {
    picture.to_png().unwrap();
    let svg = picture.to_svg().unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    svg
}

#[test]
fn nothing_to_draw_does_no_harm() {
    draw(Scatter::default());
    draw(Samples::default());
    draw(Loss::default());
    draw(PitHistogram::default());
    draw(Calibration::default());
    draw(FanChart::default());
    let counts = vec![0, 0];
    draw(PitHistogram {
        counts,
        ..Default::default()
    });
}

#[test]
fn odd_points_do_no_harm() {
    let odd = [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN, 0.0, 1e-45];
    let points: Vec<Point> = odd.iter().flat_map(|&x| odd.map(|y| (x, y))).collect();
    draw(Scatter {
        points: points.clone(),
        ..Default::default()
    });
    draw(Calibration {
        points,
        rows: 3,
        ..Default::default()
    });
    for train in [
        vec![(0, f32::NAN)],
        vec![(0, f32::MAX), (u64::MAX, f32::MIN)],
    ] {
        draw(Loss {
            train,
            ..Default::default()
        });
    }
    let mut fan = fan();
    fan.median.truncate(3);
    fan.bands[0].lower = vec![f32::NAN; 101];
    draw(fan);
}

#[test]
fn odd_grids_do_no_harm() {
    let cases = [
        ((0.0, 0.0), 1.0),
        ((f32::NAN, 1.0), 0.0),
        ((-1e38, 1e38), f32::MAX),
        ((0.0, 1.0), 1e-45),
    ];
    for (range, value) in cases {
        let grid = Grid::new(range, range, 1, 1, vec![value]).unwrap();
        draw(Heatmap {
            grid,
            ..heatmap(2, 2)
        });
    }
}

#[test]
fn labels_are_escaped() {
    let mut scatter = scatter();
    scatter.x_label = "a < b & \"c\" <script>".into();
    let svg = scatter.to_svg().unwrap();
    assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;"));
}

fn report() -> Report {
    let figure = |svg: String, caption: &str| Figure {
        svg,
        caption: caption.into(),
    };
    let row = |label: &str, value: &str, explanation: &str| SummaryRow {
        label: label.into(),
        value: value.into(),
        explanation: explanation.into(),
    };
    Report {
        title: "Report on <demo> & co.".into(),
        introduction: "First paragraph.\n\nSecond paragraph.".into(),
        summary: vec![
            row(
                "Validation NLL",
                "1.3021 nats",
                "lower is better; the floor is 1.2880",
            ),
            row("Rows", "2000", "of which 400 were held back"),
        ],
        sections: vec![
            Section {
                heading: "Density".into(),
                words: "Five branches.".into(),
                figures: vec![figure(
                    heatmap(100, 100).to_svg().unwrap(),
                    "What was learnt.",
                )],
            },
            Section {
                heading: "Training".into(),
                words: String::new(),
                figures: vec![figure(loss().to_svg().unwrap(), "It \"converged\".")],
            },
        ],
    }
}

#[test]
fn the_report_is_one_file_without_requests() {
    let html = report().to_html();
    if let Ok(kept) = std::env::var("MDN_KEEP_PICTURES") {
        std::fs::write(std::path::Path::new(&kept).join("report.html"), &html).unwrap();
    }
    assert!(html.starts_with("<!DOCTYPE html>"));
    assert!(html.contains("<title>Report on &lt;demo&gt; &amp; co.</title>"));
    assert!(html.contains("<p>First paragraph.</p><p>Second paragraph.</p>"));
    assert!(html.contains("aria-label=\"It &quot;converged&quot;.\""));
    assert_eq!(html.matches("<svg ").count(), 2);
    assert_eq!(html.matches("<tr>").count(), 3);
    for request in ["<script", "<link", "@import", "url(", "src="] {
        assert!(!html.contains(request), "{request}");
    }
}

/// Names such as tables from spreadsheets have.
fn long(end: &str) -> String {
    format!(
        "measured concentration of suspended particulate matter at the outlet of stage 3, {end}"
    )
}

/// The size of the font and the text, for each text but those of the ticks.
fn sized_texts(svg: &str) -> Vec<(f64, String)> {
    let after = svg.split("<text").skip(1);
    let sized = after.filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let size = attributes.split_once("font-size=\"")?.1.split_once('"')?.0;
        let text = rest.split_once("</text>")?.0.trim();
        Some((size.parse::<f64>().ok()?, text.to_owned()))
    });
    sized.collect()
}

#[test]
fn long_titles_lose_their_middle_and_not_their_ends() {
    let title = format!("Density of {} given {}", long("the end"), long("first"));
    let label = format!("{} (slice)", long("first"));
    let (x_label, y_label) = (label.clone(), long("the end"));
    let x = vec![0.0, 1.0];
    for (name, svg, is_narrow) in [
        (
            "map",
            kept(
                &Heatmap {
                    title: title.clone(),
                    x_label: x_label.clone(),
                    y_label: y_label.clone(),
                    mean: Some(MeanCurve {
                        label: format!("mean of {} (may be no answer)", long("the end")),
                        several: 1.0,
                        x: x.clone(),
                        y: vec![0.0, 1.0],
                    }),
                    ..heatmap(20, 20)
                },
                "map-long.png",
            ),
            true,
        ),
        (
            "samples",
            kept(
                &Samples {
                    title: title.clone(),
                    x_label: x_label.clone(),
                    y_label: y_label.clone(),
                    ..samples()
                },
                "samples-long.png",
            ),
            false,
        ),
        (
            "fan",
            kept(
                &FanChart {
                    title: title.clone(),
                    x_label: x_label.clone(),
                    y_label: y_label.clone(),
                    ..fan()
                },
                "fan-long.png",
            ),
            false,
        ),
        (
            "weights",
            kept(
                &Weights {
                    title: title.clone(),
                    x_label,
                    x,
                    weights: vec![vec![0.5, 0.4], vec![0.5, 0.6]],
                    ..Weights::default()
                },
                "weights-long.png",
            ),
            true,
        ),
    ] {
        let texts = sized_texts(&svg);
        let cut: Vec<_> = texts
            .iter()
            .filter(|(_, text)| text.contains('…'))
            .collect();
        assert!(cut.len() >= 2, "{name}: {texts:?}");
        // Letters of this font are half as wide as they are high, about.
        let room = if is_narrow { 1700.0 } else { 1920.0 };
        for (size, text) in &texts {
            let width = 0.45 * size * text.chars().count() as f64;
            assert!(width < room, "{name}: {text}");
        }
        let ends = |words: &str, end: &str| {
            let found = texts
                .iter()
                .any(|(_, text)| text.starts_with(words) && text.ends_with(end));
            assert!(found, "{name}: {words}…{end} in {texts:?}");
        };
        ends("Density of measured", "first");
        ends("measured", "first (slice)");
    }
}

#[test]
fn categories_that_begin_alike_are_told_apart() {
    let names: Vec<String> = (0..8)
        .map(|i| long(&format!("line {i} of the works")))
        .collect();
    let map = Heatmap {
        grid: Grid::new((-0.5, 7.5), (0.0, 1.0), 8, 2, vec![1.0; 16]).unwrap(),
        points: Rows::default(),
        across: Across::Categories(names),
        ..heatmap(2, 2)
    };
    let svg = kept(&map, "map-alike.png");
    let mut shown: Vec<&str> = texts(&svg)
        .into_iter()
        .filter(|text| text.contains('…'))
        .collect();
    assert_eq!(shown.len(), 8, "{shown:?}");
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), 8, "{shown:?}");
}

/// Where the legend lies on a picture of 1920 pixels: the corners of its frame, which is the only one that
/// is filled half through.
fn legend_frame(svg: &str) -> [f64; 4] {
    let frames = svg.split("<rect").skip(1).filter(|rest| {
        let attributes = rest
            .split_once('>')
            .map_or("", |(attributes, _)| attributes);
        attributes.contains("opacity=\"0.88\"")
    });
    let frame = frames.last().expect("a legend");
    let number = |key: &str| -> f64 {
        let value = frame.split_once(&format!(" {key}=\"")).unwrap().1;
        value.split_once('"').unwrap().0.parse().unwrap()
    };
    let (x, y) = (number("x"), number("y"));
    [x, y, x + number("width"), y + number("height")]
}

#[test]
fn legends_do_not_lie_on_triangles() {
    // The lower right is empty but for an outlier.
    let rows = (0..400).map(|i| ((i % 20) as f32, (i / 20) as f32));
    let rows = rows.filter(|&(x, y)| x < 8.0 || y > 12.0);
    let mut points: Vec<Point> = rows.collect();
    let picture = |points: Vec<Point>| Samples {
        title: "Draws".into(),
        data: points.into(),
        draws: vec![(1.0, 1.0), (2.0, 2.0)],
        ..Samples::default()
    };
    let [left, top, ..] = legend_frame(&draw(picture(points.clone())));
    assert!(left > 960.0 && top > 640.0, "{left} {top}");
    points.push((18.5, -900.0));
    let svg = kept(&picture(points), "samples-legend.png");
    assert!(texts(&svg).contains(&"1 row beyond"));
    let [left, top, right, bottom] = legend_frame(&svg);
    assert!(
        right < 960.0 || bottom < 640.0,
        "{left} {top} {right} {bottom}"
    );
}
