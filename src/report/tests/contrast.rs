//! Whether everything on the page can be told from what is behind it, by the measure of WCAG 2.

use std::collections::BTreeMap;

use crate::report::html::STYLE;

/// What is written on what.
const TEXT: [(&str, &[&str]); 9] = [
    ("text", &["ground", "panel", "downtime", "fold"]),
    ("dim", &["ground", "panel"]),
    ("link", &["ground", "panel"]),
    ("good", &["ground", "panel"]),
    ("bad", &["ground", "panel"]),
    ("doubt", &["ground", "panel"]),
    ("add", &["add-ground"]),
    ("del", &["del-ground"]),
    ("hunk", &["panel"]),
];

/// What is drawn on what.
const BARS: [&str; 5] = ["bar-applied", "bar-failed", "bar-undone", "bar-unsure", "bar-waits"];

/// The colours of the palette: light, and dark.
fn palettes() -> [BTreeMap<&'static str, &'static str>; 2] {
    let (light, rest) = STYLE.split_once("@media screen and (prefers-color-scheme: dark)").unwrap();
    let (dark, _) = rest.split_once("\n}\n").unwrap();
    [light, dark].map(|text| {
        let colors = text.split([';', '{']).filter_map(|declared| declared.trim().strip_prefix("--")?.split_once(": "));
        colors.collect()
    })
}

/// How bright a colour is, from 0 to 1.
fn luminance(color: &str) -> f64 {
    let part = |at: usize| {
        let share = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_measure_is_right() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.01);
    assert!((contrast("#777777", "#ffffff") - 4.48).abs() < 0.01);
}

#[test]
fn everything_can_be_told_from_what_is_behind_it() {
    for palette in palettes() {
        for (front, grounds) in TEXT {
            for ground in grounds {
                let contrast = contrast(palette[front], palette[ground]);
                assert!(contrast >= 4.5, "{front} on {ground}: {contrast:.2}");
            }
        }
        for bar in BARS {
            for ground in ["ground", "panel"] {
                let contrast = contrast(palette[bar], palette[ground]);
                assert!(contrast >= 3.0, "{bar} on {ground}: {contrast:.2}");
            }
        }
    }
}

#[test]
fn every_color_comes_from_the_palette() {
    let [light, dark] = palettes();
    assert_eq!(light.keys().collect::<Vec<_>>(), dark.keys().collect::<Vec<_>>());
    let rules = STYLE.rsplit_once("}\n}\n* {").unwrap().1;
    assert!(!rules.contains("#f") && !rules.contains("rgb("), "{rules}");
    for (at, found) in rules.match_indices("var(--") {
        let name = rules[at + found.len()..].split(')').next().unwrap();
        assert!(light.contains_key(name), "{name}");
    }
}
