//! Charts as SVG, in the colours of the page; pure.
//!
//! What a chart says stands on the page as text as well: the picture is for those who see it.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    AreaSeries, Cartesian2d, DrawingArea, IntoDrawingArea, IntoFont, RGBColor, Rectangle,
    SVGBackend, TRANSPARENT,
};

/// The size of a chart in units of its own; the page makes it as wide as there is room.
const SIZE: (u32, u32) = (420, 170);
const FONT_SIZE: u32 = 14;
const X_LABELS: usize = 4;
const Y_LABELS: usize = 4;

/// Colours that no chart has: the page's own stand for them, by these classes.
const INK: RGBColor = RGBColor(1, 2, 3);
const RULE: RGBColor = RGBColor(1, 2, 4);
const MARK: RGBColor = RGBColor(1, 2, 5);
const CLASSES: [(&str, &str); 4] = [
    ("fill=\"#010203\"", "class=\"ink\""),
    ("stroke=\"#010204\"", "class=\"rule\""),
    ("fill=\"#010205\"", "class=\"mark\""),
    ("stroke=\"#010205\"", "class=\"edge\""),
];

/// How the values of a chart are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A column each, for periods of their own.
    Columns,
    /// One area, for parts of a time that goes on.
    Area,
}

type Drawn<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Draws values that are 0 or more from left to right, each below its label; nothing if there is none, or nothing can be
/// drawn of them.
pub(super) fn draw(kind: Kind, values: &[f64], label: impl Fn(usize) -> String) -> Option<String> {
    let most = values.iter().copied().fold(0.0, f64::max);
    if values.is_empty()
        || !most.is_finite()
        || values.iter().any(|value| value.is_nan() || *value < 0.0)
    {
        return None;
    }
    // An empty chart has an axis, too.
    let top = if most > 0.0 { most * 1.05 } else { 1.0 };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        plot(kind, &area, (values, top), &label).ok()?;
        area.present().ok()?;
    }
    for (colour, class) in CLASSES {
        svg = svg.replace(colour, class);
    }
    Some(svg)
}

fn plot(
    kind: Kind,
    area: &Drawn<'_>,
    (values, top): (&[f64], f64),
    label: &impl Fn(usize) -> String,
) -> Result<(), Box<dyn std::error::Error>> {
    let width = values.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(4)
        .margin_right(14)
        .x_label_area_size(22)
        .y_label_area_size(46)
        .build_cartesian_2d(-0.5..width - 0.5, 0.0..top)?;
    let font = ("sans-serif", FONT_SIZE).into_font().color(&INK);
    let label_at = |at: &f64| {
        // An axis of numbers may be labelled between two values, and beyond them.
        let is_value = at.fract() == 0.0 && (0.0..width).contains(at);
        if is_value {
            label(*at as usize)
        } else {
            String::new()
        }
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(X_LABELS)
        .y_labels(Y_LABELS)
        .light_line_style(TRANSPARENT)
        .bold_line_style(RULE)
        .axis_style(RULE)
        .label_style(font)
        .x_label_formatter(&label_at)
        .y_label_formatter(&|value| short(*value))
        .draw()?;
    match kind {
        Kind::Columns => columns(&mut chart, values),
        Kind::Area => surface(&mut chart, values),
    }
}

fn columns(chart: &mut Plane<'_, '_>, values: &[f64]) -> Result<(), Box<dyn std::error::Error>> {
    let columns = values.iter().enumerate().map(|(at, value)| {
        let at = at as f64;
        Rectangle::new(
            [(at - 0.4, 0.0), (at + 0.4, *value)],
            plotters::style::Color::filled(&MARK),
        )
    });
    chart.draw_series(columns)?;
    Ok(())
}

fn surface(chart: &mut Plane<'_, '_>, values: &[f64]) -> Result<(), Box<dyn std::error::Error>> {
    let points = values.iter().enumerate();
    let points = points.map(|(at, value)| (at as f64, *value));
    chart.draw_series(AreaSeries::new(points, 0.0, MARK).border_style(MARK))?;
    Ok(())
}

/// Writes a number so that it fits beside an axis, such as `1.5k`.
fn short(value: f64) -> String {
    let (scaled, unit) = match value {
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 => (value / 1e3, "k"),
        value => (value, ""),
    };
    let rounded = (scaled * 10.0).round() / 10.0;
    format!("{rounded}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_a_mark_for_each_value_in_the_colours_of_the_page() {
        let svg = draw(Kind::Columns, &[1.0, 0.0, 1_500.0], |at| {
            format!("day {at}")
        })
        .unwrap();
        assert_eq!(svg.matches("class=\"mark\"").count(), 3, "{svg}");
        assert!(svg.contains("day 0") && svg.contains("1.5k"), "{svg}");
        assert!(!svg.contains("#0102"), "{svg}");
        let area = draw(Kind::Area, &[1.0, 2.0, 0.5], |_| String::new()).unwrap();
        assert_eq!(area.matches("class=\"mark\"").count(), 1, "{area}");
    }

    #[test]
    fn nothing_is_drawn_of_what_cannot_be() {
        let none = |values: &[f64]| draw(Kind::Columns, values, |_| String::new()).is_none();
        assert!(none(&[]) && none(&[-1.0]) && none(&[f64::NAN]) && none(&[f64::INFINITY]));
        assert!(!none(&[0.0]), "an axis is there although nothing is");
    }

    #[test]
    fn numbers_beside_an_axis_are_short() {
        let texts = [0.0, 0.25, 999.0, 1_500.0, 2e6, 3.14e9].map(short);
        assert_eq!(texts, ["0", "0.3", "999", "1.5k", "2M", "3.1G"]);
    }
}
