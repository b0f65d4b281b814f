//! An address of the loopback interface for whoever listens there later, now and then, or never. The rule: while it is held
//! nobody else is given its port, neither to listen on nor to connect from, and whoever names it may listen.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with};

/// Held by a socket that is bound and never listens: whoever else is bound with `SO_REUSEADDR`, as servers are, may.
pub struct Reserved {
    pub address: SocketAddr,
    _bound: OwnedFd,
}

impl Reserved {
    pub fn new() -> Self {
        let bound = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        set_socket_reuseaddr(&bound, true).unwrap();
        bind(&bound, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = getsockname(&bound).unwrap().try_into().unwrap();
        Self { address, _bound: bound }
    }
}
