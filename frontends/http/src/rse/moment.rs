//! Moments as RSE writes them: `2030-01-02 03:04:05Z`.

use eventweir::Timestamp;
use std::io::Write;

/// Appends a moment in whole seconds of UTC.
pub(super) fn push(out: &mut Vec<u8>, moment: Timestamp) {
    let seconds = moment.as_millis() / 1000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    // Writing to a vector cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z");
}

/// Turns days since 1970 into a date: Howard Hinnant's algorithm, whose years begin in March, so that leap days come last.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_agree_with_rfc_3339() {
        for step in 0..5000 {
            let moment = Timestamp::from_millis(step * 50_680_460_159_999 / 1000);
            let mut out = Vec::new();
            push(&mut out, moment);
            let expected = moment.to_string();
            let expected = expected.replace('T', " ");
            assert_eq!(std::str::from_utf8(&out).unwrap(), format!("{}Z", &expected[..19]));
        }
        let mut out = Vec::new();
        push(&mut out, Timestamp::MAX);
        assert_eq!(out, b"9999-12-31 23:59:59Z");
    }
}
