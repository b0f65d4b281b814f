//! Where a proxy says that a request came from: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! The rule: the whole value follows its grammar, or none of it is read; which of the addresses counts is not decided here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::GrammarError;
use super::token::{is_digits, is_token, skip_ows};

/// Most hops that are read.
pub const MOST_HOPS: usize = 32;

/// One hop, the farthest first: its address, or `None` where it is hidden.
pub type Hop = Option<IpAddr>;

/// Reads `X-Forwarded-For`: addresses, perhaps with ports, with commas between them. There is no standard of it; IPv6
/// stands bare or in brackets, and only there has a port.
///
/// # Errors
/// An element is empty or no address, or there are more than [`MOST_HOPS`].
pub fn x_forwarded_for(value: &str) -> Result<Vec<Hop>, GrammarError> {
    let wrong = || GrammarError::expected("addresses in x-forwarded-for", "something else");
    let mut hops = Vec::new();
    for element in value.split(',') {
        let element = element.trim_matches([' ', '\t']);
        let address = element.parse::<Ipv6Addr>().map(IpAddr::from).ok().or_else(|| node(element));
        hops.push(Some(address.ok_or_else(wrong)?));
        few(&hops)?;
    }
    Ok(hops)
}

/// Reads `Forwarded` (RFC 7239 section 4). A hop without `for`, and one that is `unknown` or obfuscated (section 6.3), is
/// hidden.
///
/// # Errors
/// The value does not follow the grammar, names a parameter of a hop twice, or there are more than [`MOST_HOPS`].
pub fn forwarded(value: &str) -> Result<Vec<Hop>, GrammarError> {
    let mut hops = Vec::new();
    let mut rest = value;
    loop {
        let (hop, after) = element(rest)?;
        hops.push(hop);
        few(&hops)?;
        match after.strip_prefix(',') {
            Some(next) => rest = skip_ows(next),
            None if after.is_empty() => return Ok(hops),
            None => return Err(malformed()),
        }
    }
}

fn malformed() -> GrammarError {
    GrammarError::expected("pairs as in RFC 7239 in forwarded", "something else")
}

fn few(hops: &[Hop]) -> Result<(), GrammarError> {
    if hops.len() > MOST_HOPS { Err(GrammarError::expected("at most 32 hops", "more")) } else { Ok(()) }
}

/// One `forwarded-element`, and what follows it after white space.
fn element(text: &str) -> Result<(Hop, &str), GrammarError> {
    let mut names: Vec<String> = Vec::new();
    let mut hop = None;
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once('=').ok_or_else(malformed)?;
        let name = name.to_ascii_lowercase();
        if !is_token(&name) || names.contains(&name) || names.len() >= 8 {
            return Err(malformed());
        }
        let (value, after) = value(after)?;
        if name == "for" {
            hop = for_node(value)?;
        }
        names.push(name);
        match after.strip_prefix(';') {
            Some(next) => rest = next,
            None => return Ok((hop, skip_ows(after))),
        }
    }
}

/// A token or a quoted string; escapes in the latter are refused, as nothing that stands here needs one.
fn value(text: &str) -> Result<(&str, &str), GrammarError> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, after) = quoted.split_once('"').ok_or_else(malformed)?;
        let plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'\\');
        return if plain { Ok((value, after)) } else { Err(malformed()) };
    }
    let end = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
    let (value, after) = text.split_at(end);
    if is_token(value) { Ok((value, after)) } else { Err(malformed()) }
}

/// `node` (RFC 7239 section 6).
fn for_node(text: &str) -> Result<Hop, GrammarError> {
    let (name, port) = text.split_once(':').unwrap_or((text, "0"));
    let hidden = name == "unknown" || name.strip_prefix('_').is_some_and(obfuscated);
    let known_port = is_digits(port) || port.strip_prefix('_').is_some_and(obfuscated);
    if hidden && known_port {
        return Ok(None);
    }
    node(text).map(Some).ok_or_else(malformed)
}

fn obfuscated(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (address.parse::<Ipv6Addr>().ok()?.into(), port)
        }
        None => {
            let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (address.parse::<Ipv4Addr>().ok()?.into(), port)
        }
    };
    let is_port = |port: &str| is_digits(port) && port.parse::<u16>().is_ok();
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(list: &[&str]) -> Vec<Hop> {
        list.iter().map(|text| text.parse().ok()).collect()
    }

    #[test]
    fn addresses_are_read_with_and_without_ports() {
        let value = "192.0.2.1, 198.51.100.2:4711,2001:db8::1, [2001:db8::2], [2001:db8::3]:1";
        let expected = hops(&["192.0.2.1", "198.51.100.2", "2001:db8::1", "2001:db8::2", "2001:db8::3"]);
        assert_eq!(x_forwarded_for(value).unwrap(), expected);
        let value = "for=192.0.2.43;proto=https;by=203.0.113.60, For=\"[2001:db8:cafe::17]:4711\",for=unknown , for=_gazonk, host=x";
        assert_eq!(forwarded(value).unwrap(), hops(&["192.0.2.43", "2001:db8:cafe::17", "", "", ""]));
    }

    #[test]
    fn what_is_no_list_of_addresses_is_refused_whole() {
        for value in
            ["", ",", "192.0.2.1,", "unknown", "192.0.2.1 192.0.2.2", "192.0.2.256", "192.0.2.1:x", "192.0.2.1:99999"]
        {
            assert!(x_forwarded_for(value).is_err(), "{value:?}");
        }
        for value in
            ["0192.0.2.1", "[192.0.2.1]", "[2001:db8::1", "2001:db8::1%eth0", "a, 192.0.2.1", "192.0.2.1\u{a0}"]
        {
            assert!(x_forwarded_for(value).is_err(), "{value:?}");
        }
        assert!(x_forwarded_for(&["192.0.2.1"; 33].join(",")).is_err());
    }

    #[test]
    fn what_is_not_rfc_7239_is_refused_whole() {
        for value in [
            "",
            "192.0.2.1",
            "for=",
            "for=192.0.2.1;",
            "for=192.0.2.1,",
            "for=192.0.2.1;for=192.0.2.2",
            "for =192.0.2.1",
            "for= 192.0.2.1",
            "for=192.0.2.1 for=192.0.2.2",
            "for=\"192.0.2.1",
            "for=\"192.0.2.\\1\"",
            "for=2001:db8::1",
            "for=\"2001:db8::1\"",
            "for=[2001:db8::1]",
            "for=\"192.0.2.1, for=192.0.2.2\"",
            "for=example",
            "for=_",
        ] {
            assert!(forwarded(value).is_err(), "{value:?}");
        }
        assert!(forwarded(&["for=192.0.2.1"; 33].join(",")).is_err());
    }
}
