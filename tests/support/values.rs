//! Values of condition operators (S2.5.3): decimals, dates, addresses, bytes.

use std::net::IpAddr;

/// A decimal; `None` when unparsable. Worlds use short numbers, which `f64` holds exactly enough.
pub fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.') && digits.matches('.').count() <= 1;
    if plain && digits.starts_with(|c: char| c.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A date as seconds since 1970: ISO 8601 (date, or date and time with zone) or epoch seconds.
pub fn date(text: &str) -> Option<f64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let days = date_days(day)?;
    let seconds = match time {
        None => 0.0,
        Some(time) => time_seconds(time)?,
    };
    Some(days as f64 * 86_400.0 + seconds)
}

fn date_days(day: &str) -> Option<i64> {
    let fields: Vec<&str> = day.split('-').collect();
    let [year, month, day] = fields[..] else { return None };
    let (year, month, day): (i64, i64, i64) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    let length = |m: i64| match m {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=length(month)).contains(&day) {
        return None;
    }
    let years: i64 = (1970..year).map(|y| 365 + i64::from(leap(y))).sum();
    let months: i64 = (1..month).map(length).sum();
    Some(years + months + day - 1)
}

fn time_seconds(time: &str) -> Option<f64> {
    let zone_at = time.find(['Z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let fields: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second): (f64, f64, f64) = match fields[..] {
        [h, m] => (h.parse().ok()?, m.parse().ok()?, 0.0),
        [h, m, s] => (h.parse().ok()?, m.parse().ok()?, s.parse().ok()?),
        _ => return None,
    };
    let offset = match zone {
        "Z" => 0.0,
        _ => {
            let (h, m) = zone[1..].split_once(':').unwrap_or((&zone[1..], "0"));
            let minutes: f64 = h.parse::<f64>().ok()? * 60.0 + m.parse::<f64>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    Some(hour * 3600.0 + minute * 60.0 + second - offset * 60.0)
}

/// Whether the address lies in the block; a block without length is a single address. Families never mix.
pub fn in_block(address: &str, block: &str) -> bool {
    let (base, length) = match block.split_once('/') {
        Some((base, length)) => (base, length.parse::<u32>().ok()),
        None => (block, Some(128)),
    };
    match (address.parse::<IpAddr>(), base.parse::<IpAddr>(), length) {
        (Ok(IpAddr::V4(a)), Ok(IpAddr::V4(b)), Some(length)) => same_bits(u128::from(u32::from(a)), u128::from(u32::from(b)), 32, length.min(32)),
        (Ok(IpAddr::V6(a)), Ok(IpAddr::V6(b)), Some(length)) => same_bits(u128::from(a), u128::from(b), 128, length.min(128)),
        _ => false,
    }
}

fn same_bits(a: u128, b: u128, width: u32, length: u32) -> bool {
    length == 0 || a >> (width - length) == b >> (width - length)
}

/// The bytes behind base64 text; `None` when it is none.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if text.len() % 4 != 0 {
        return None;
    }
    let body = text.trim_end_matches('=');
    if text.len() - body.len() > 2 {
        return None;
    }
    let mut out = Vec::new();
    let (mut buffer, mut bits) = (0u32, 0);
    for b in body.bytes() {
        let six = ALPHABET.iter().position(|a| *a == b)?;
        buffer = (buffer << 6 | six as u32) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits & 0xff) as u8);
        }
    }
    Some(out)
}
