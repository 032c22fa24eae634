//! Numbers as PostgreSQL and YAML write them, compared without being rounded.

/// A number: its digits without zeros at either end, and the power of ten of the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    negative: bool,
    digits: String,
    exponent: i64,
}

/// The number that `text` is, if it is one: `-12`, `3.50`, `1e6`.
pub(super) fn number(text: &str) -> Option<Number> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(part) || whole.is_empty() && part.is_empty() {
        return None;
    }
    let all = format!("{whole}{part}");
    let digits = all.trim_start_matches('0').trim_end_matches('0').to_owned();
    if digits.is_empty() {
        return Some(Number { negative: false, digits, exponent: 0 });
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let exponent = i64::from(power) - i64::try_from(part.len()).ok()? + i64::try_from(zeros).ok()?;
    Some(Number { negative, digits, exponent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for same in [
            &["12", "12.0", "012", "+12", "1.2e1", "120e-1"][..],
            &["0", "-0", "0.00", "0e5", ".0"],
            &["-3.50", "-3.5", "-35E-1"],
            &["12345678901234567890123", "12345678901234567890123.000"],
        ] {
            assert!(same.iter().all(|text| number(text) == number(same[0]) && number(text).is_some()), "{same:?}");
        }
        assert_ne!(number("12345678901234567890123"), number("12345678901234567890124"));
        assert_ne!(number("1"), number("-1"));
        assert_ne!(number("1"), number("10"));
        for none in ["", "-", ".", "1e", "NaN", "Infinity", "0x10", "1_000", " 1", "1 ", "--1"] {
            assert_eq!(number(none), None, "{none}");
        }
    }
}
