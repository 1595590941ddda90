//! Where a client asks from: networks, and what proxies of ours say of whom they were asked by.

use actix_web::http::header::HeaderMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Addresses that begin with the same bits: `10.0.0.0/8`, or one address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    prefix: u32,
}

/// The text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a network")]
pub struct NotANetwork;

/// IPv4 addresses lie in IPv6 as `::ffff:a.b.c.d`; so both are compared alike.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The mask of a prefix; of none it is empty.
const fn mask(prefix: u32) -> u128 {
    if prefix == 0 { 0 } else { u128::MAX << (128 - prefix) }
}

impl Network {
    /// Whether the address is one of it.
    pub fn has(&self, address: IpAddr) -> bool {
        bits(address) & mask(self.prefix) == self.bits
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    /// Bits behind the prefix must be nought, so that `10.0.0.1/8` is not taken for one address.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let (above, most) = if address.is_ipv4() { (96, 32) } else { (0, 128) };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|of| *of <= most).ok_or(NotANetwork)?,
            None => most,
        };
        let (bits, prefix) = (bits(address), above + prefix);
        if bits & mask(prefix) == bits { Ok(Self { bits, prefix }) } else { Err(NotANetwork) }
    }
}

/// What is counted as one address: an IPv6 customer has a network of 64 bits to themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Neighbourhood(u128);

impl Neighbourhood {
    /// Of this address.
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let kept = if address.is_ipv4() { u128::MAX } else { mask(64) };
        Self(bits(address) & kept)
    }
}

impl fmt::Display for Neighbourhood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv6Addr::from_bits(self.0).to_canonical().fmt(f)
    }
}

/// Which header our proxies write. The other one anybody can send through them, so it is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`: addresses with commas between them.
    #[default]
    XForwardedFor,
    /// RFC 7239: `Forwarded: for=192.0.2.60;proto=https`.
    Forwarded,
}

impl FromStr for ForwardedBy {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(NotANetwork),
        }
    }
}

/// The proxies in front of this server.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// Where they ask from; none: nobody is believed.
    pub networks: Vec<Network>,
    /// How they say whom they were asked by.
    pub header: ForwardedBy,
}

impl Proxies {
    /// The client's address. A proxy of ours writes the address that it was asked from at the end
    /// of its header; what stands before it anybody can have made up. So only our proxies are
    /// believed, from the end on, and never further than to the first stranger.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let name = match self.header {
            ForwardedBy::XForwardedFor => "x-forwarded-for",
            ForwardedBy::Forwarded => "forwarded",
        };
        let hops: Vec<&str> = headers
            .get_all(name)
            .map(|value| value.to_str().unwrap_or_default())
            .flat_map(|value| value.split(','))
            .collect();
        let mut at = peer.to_canonical();
        for hop in hops.into_iter().rev() {
            if !self.networks.iter().any(|ours| ours.has(at)) {
                break;
            }
            let before = match self.header {
                ForwardedBy::XForwardedFor => hop.trim().parse().ok(),
                ForwardedBy::Forwarded => of_forwarded(hop),
            };
            match before {
                Some(IpAddr::V4(v4)) => at = v4.into(),
                Some(IpAddr::V6(v6)) => at = v6.to_canonical(),
                None => break,
            }
        }
        at
    }
}

/// `for=192.0.2.60`, `for="[2001:db8::1]:4711"`; no other names, which nobody can check.
fn of_forwarded(hop: &str) -> Option<IpAddr> {
    let pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let mut of = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let value = of.next()?.1.trim().trim_matches('"');
    match value.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => value.split(':').next()?.parse().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn proxies(trusted: &[&str], header: ForwardedBy) -> Proxies {
        let networks = trusted.iter().map(|at| at.parse().unwrap()).collect();
        Proxies { networks, header }
    }

    fn seen_by(name: &'static str, peer: &str, sent: &[&str], ours: &Proxies) -> String {
        let mut headers = HeaderMap::new();
        for value in sent {
            let name = HeaderName::from_static(name);
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        ours.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn seen(peer: &str, sent: &[&str], trusted: &[&str]) -> String {
        let ours = proxies(trusted, ForwardedBy::XForwardedFor);
        seen_by("x-forwarded-for", peer, sent, &ours)
    }

    #[test]
    fn a_stranger_cannot_say_where_it_is() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &["10.0.0.1"]), "203.0.113.9");
        let ours = proxies(&["10.0.0.0/8"], ForwardedBy::XForwardedFor);
        let other = seen_by("forwarded", "10.0.0.1", &["for=198.51.100.1"], &ours);
        assert_eq!(other, "10.0.0.1", "a header that our proxies do not write");
    }

    #[test]
    fn a_proxy_of_ours_says_who_asked_it_and_no_more() {
        let ours = ["10.0.0.1", "10.0.0.2"];
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"], &ours), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, 203.0.113.9"], &ours), "203.0.113.9");
        let chained = ["198.51.100.1, 203.0.113.9, 10.0.0.2"];
        assert_eq!(seen("10.0.0.1", &chained, &ours), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &chained, &["10.0.0.0/30"]), "203.0.113.9");
        let lines = ["198.51.100.1", "203.0.113.9", "10.0.0.2"];
        assert_eq!(seen("10.0.0.1", &lines, &ours), "203.0.113.9", "as headers of their own");
        assert_eq!(seen("::ffff:10.0.0.1", &["2001:db8::1"], &ours), "2001:db8::1");
    }

    #[test]
    fn the_header_of_the_standard_is_read_where_the_proxies_write_it() {
        let ours = proxies(&["10.0.0.0/8", "2001:db8:1::/48"], ForwardedBy::Forwarded);
        for (sent, expected) in [
            ("for=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
            ("for=198.51.100.1, For=\"203.0.113.9:4711\"", "203.0.113.9"),
            ("for=\"[2001:db8::9]:4711\", for=10.1.1.1", "2001:db8::9"),
            ("for=198.51.100.1, for=\"[2001:db8:1::5]\", for=10.2.3.4", "198.51.100.1"),
            ("for=198.51.100.1, for=_hidden", "10.0.0.1"),
            ("for=198.51.100.1, for=unknown", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=", "10.0.0.1"),
            ("for=\"[2001:db8::9\"", "10.0.0.1"),
        ] {
            assert_eq!(seen_by("forwarded", "10.0.0.1", &[sent], &ours), expected, "{sent}");
        }
    }

    #[test]
    fn what_cannot_be_read_leaves_the_last_known_address() {
        for nonsense in ["", "unknown", "203.0.113.9, unknown", "203.0.113.9:1234"] {
            assert_eq!(seen("10.0.0.1", &[nonsense], &["10.0.0.1"]), "10.0.0.1", "{nonsense}");
        }
        assert_eq!(seen("10.0.0.1", &[], &["10.0.0.1"]), "10.0.0.1");
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("x-forwarded-for");
        headers.append(name.clone(), HeaderValue::from_static("198.51.100.1"));
        headers.append(name, HeaderValue::from_bytes(b"\xff").unwrap());
        let ours = proxies(&["10.0.0.1"], ForwardedBy::XForwardedFor);
        let at = ours.client("10.0.0.1".parse().unwrap(), &headers);
        assert_eq!(at.to_string(), "10.0.0.1", "a line that is no text hides nothing behind it");
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let has = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().has(address.parse().unwrap())
        };
        assert!(has("10.0.0.0/8", "10.255.255.255") && !has("10.0.0.0/8", "11.0.0.0"));
        assert!(has("10.0.0.1", "::ffff:10.0.0.1") && !has("10.0.0.1", "10.0.0.2"));
        assert!(has("2001:db8::/32", "2001:db8:ffff::1") && !has("2001:db8::/32", "2001:db9::"));
        assert!(has("::/0", "192.0.2.1") && has("0.0.0.0/0", "192.0.2.1"));
        assert!(!has("0.0.0.0/0", "2001:db8::1"));
        for nonsense in
            ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "::/129", "ten", "10.0.0.0/-1"]
        {
            assert_eq!(nonsense.parse::<Network>(), Err(NotANetwork), "{nonsense}");
        }
    }

    #[test]
    fn neighbours_of_ipv6_are_one_and_those_of_ipv4_are_not() {
        let of = |text: &str| Neighbourhood::of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_eq!(of("192.0.2.1").to_string(), "192.0.2.1");
    }
}
