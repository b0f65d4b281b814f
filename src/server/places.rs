//! Places for connections, in all and for each address. The rule: a connection without a place is closed at once; it does
//! not wait for others to end, and it costs nothing but its acceptance.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{Gauge, gauge};

/// Unless the configuration says another number: enough for a sender's whole farm behind one address.
const PER_ADDRESS: usize = 256;

/// What is taken. How much there is may change while some of it is.
#[derive(Debug)]
pub(super) struct Places {
    open: Gauge,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    All,
    Address,
}

impl Full {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::All => "connections",
            Self::Address => "connections_per_address",
        }
    }
}

/// One place, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    counted: Option<IpAddr>,
}

impl Places {
    /// Those of one listener.
    pub(super) fn of(listener: &'static str) -> Arc<Self> {
        let open = gauge!("countersign_connections_open", "listener" => listener);
        Arc::new(Self { open, taken: Mutex::default() })
    }

    /// Takes one of so many in all, and for one address.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr, all: usize, per_address: Option<usize>) -> Result<Place, Full> {
        let address = source(peer);
        // A proxy on this machine brings everybody's connections; who wants it counted says a number.
        let counted = (per_address.is_some() || !address.is_loopback()).then_some(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= all {
            return Err(Full::All);
        }
        if let Some(address) = counted {
            let count = taken.by_address.entry(address).or_default();
            if *count >= per_address.unwrap_or(PER_ADDRESS) {
                return Err(Full::Address);
            }
            *count = count.saturating_add(1);
        }
        taken.all = taken.all.saturating_add(1);
        self.open.increment(1.0);
        Ok(Place { places: Arc::clone(self), counted })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        self.places.open.decrement(1.0);
        let Some(address) = self.counted else { return };
        let left = taken.by_address.get_mut(&address).map(|count| {
            *count = count.saturating_sub(1);
            *count
        });
        // The map never holds more addresses than there are connections.
        if left == Some(0) {
            taken.by_address.remove(&address);
        }
    }
}

/// An IPv4 address, or the network that one customer of IPv6 gets.
fn source(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places, and so many of them.
    struct Hall(Arc<Places>, usize, Option<usize>);

    impl Hall {
        fn take(&self, peer: IpAddr) -> Result<Place, Full> {
            self.0.take(peer, self.1, self.2)
        }
    }

    fn places(connections: usize, per_address: Option<usize>) -> Hall {
        Hall(Places::of("senders"), connections, per_address)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_does_not_take_the_places_of_the_others() {
        let places = places(3, Some(2));
        let one = places.take(address("192.0.2.1")).unwrap();
        let _two = places.take(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(places.take(address("192.0.2.1")).unwrap_err(), Full::Address);
        let _three = places.take(address("2001:db8::1")).unwrap();
        assert_eq!(places.take(address("192.0.2.9")).unwrap_err(), Full::All);
        drop(one);
        assert!(places.take(address("192.0.2.1")).is_ok());
        assert_eq!(places.0.taken.lock().unwrap().by_address.len(), 2);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_loopback_counts_only_if_a_number_is_said() {
        let strict = places(100, Some(1));
        let _one = strict.take(address("2001:db8::1")).unwrap();
        assert_eq!(strict.take(address("2001:db8::ffff:1")).unwrap_err(), Full::Address);
        assert!(strict.take(address("2001:db8:0:1::1")).is_ok());
        let _local = strict.take(address("127.0.0.1")).unwrap();
        assert_eq!(strict.take(address("127.0.0.1")).unwrap_err(), Full::Address);
        let lax = places(1000, None);
        let local: Vec<_> = (0..500).map(|_| lax.take(address("::1"))).collect();
        assert!(local.iter().all(Result::is_ok));
        let far: Vec<_> = (0..500).map(|_| lax.take(address("192.0.2.1"))).collect();
        assert_eq!(far.iter().filter(|place| place.is_ok()).count(), PER_ADDRESS);
    }
}
