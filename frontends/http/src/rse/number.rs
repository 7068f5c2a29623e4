//! Whole numbers as RSE reads them: surrounding blanks and a sign pass.

use super::params::Params;
use super::refusal::Refusal;

/// What lies beyond 64 bits is all the same.
pub(super) const BEYOND: i128 = 1 << 64;

/// Reads a parameter as a whole number; `None` when it is not there. Numbers beyond 64 bits come out as ±[`BEYOND`].
pub(super) fn number(params: &Params<'_>, name: &str) -> Result<Option<i128>, Refusal> {
    let Some(text) = params.last(name)? else { return Ok(None) };
    parse(&text)
        .map(Some)
        .ok_or_else(|| Refusal::bad_request(format!("Query parameter is not a whole number: {name}")))
}

fn parse(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.bytes().fold(0, |sum: i128, digit| (sum * 10 + i128::from(digit - b'0')).min(BEYOND));
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_signs_pass_and_nothing_else() {
        for (text, number) in [("7", 7), (" 7\t", 7), ("+7", 7), ("-7", -7), ("007", 7), ("-0", 0)] {
            assert_eq!(parse(text), Some(number), "{text:?}");
        }
        assert_eq!(parse("9223372036854775808"), Some(1 << 63));
        assert_eq!(parse(&"9".repeat(5000)), Some(BEYOND));
        assert_eq!(parse(&format!("-{}", "9".repeat(50))), Some(-BEYOND));
        for bad in ["", " ", "+", "--1", "1.0", "0_4", "0x1", "1 2", "٣", "nan"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
