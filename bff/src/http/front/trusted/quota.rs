//! How many new documents one client may have kept: so many that no client is ever hindered, and
//! so few that none can push out the documents of all others.

use jiff::Timestamp;
use moka::sync::Cache;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// A client has about 60 documents; a carrier's address has many clients, of a few versions.
const DOCUMENTS_AN_HOUR: u32 = 500;
/// Of them all together.
const BYTES_AN_HOUR: usize = 1024 * 1024;
/// Addresses that are counted at once; the least used are forgotten first.
const ADDRESSES: u64 = 20_000;
const HOUR_S: i64 = 3_600;

/// What each address has had kept within the hour.
#[derive(Debug, Clone)]
pub struct Quota(Cache<(Option<IpAddr>, i64), Arc<Mutex<Taken>>>);

#[derive(Debug, Default)]
struct Taken {
    documents: u32,
    bytes: usize,
}

impl Default for Quota {
    fn default() -> Self {
        Self(Cache::new(ADDRESSES))
    }
}

impl Quota {
    /// Takes one more document of so many bytes; `false`: that client has had its share.
    pub fn takes(&self, client: Option<IpAddr>, bytes: usize, now: Timestamp) -> bool {
        let key = (client.map(network), now.as_second().div_euclid(HOUR_S));
        let taken = self.0.get_with(key, Arc::default);
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = taken.documents < DOCUMENTS_AN_HOUR && taken.bytes + bytes <= BYTES_AN_HOUR;
        if fits {
            taken.documents += 1;
            taken.bytes += bytes;
        }
        fits
    }
}

/// Whoever has one IPv6 address has the 2^64 around it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(whole) => {
            let [a, b, c, d, ..] = whole.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn each_client_has_its_share_and_a_new_one_after_an_hour() {
        let (quota, now) = (Quota::default(), Timestamp::UNIX_EPOCH);
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        assert!((0..DOCUMENTS_AN_HOUR).all(|_| quota.takes(Some(one), 10, now)));
        let neighbour = "2001:db8::2".parse().unwrap();
        assert!(!quota.takes(Some(neighbour), 10, now), "the same network");
        let other = "203.0.113.9".parse().unwrap();
        assert!(!quota.takes(Some(other), BYTES_AN_HOUR + 1, now), "too many bytes");
        assert!(quota.takes(Some(other), BYTES_AN_HOUR, now), "at the edge");
        assert!(!quota.takes(Some(other), 1, now));
        assert!(quota.takes(Some(one), 10, now + SignedDuration::from_hours(1)));
    }
}
