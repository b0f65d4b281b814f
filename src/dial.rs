//! Connecting to a host that has several addresses. The rule: one that swallows packets does not take the time of the others.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

/// Connects to the first address that answers, each but the last within `each`; the last has the time that the caller gives.
///
/// # Errors
/// What the last one said, or that there is no address.
pub(crate) async fn first(addresses: &[SocketAddr], each: Duration) -> io::Result<TcpStream> {
    let Some((last, others)) = addresses.split_last() else { return Err(io::Error::other("no address")) };
    for one in others {
        if let Ok(Ok(stream)) = timeout(each, TcpStream::connect(one)).await {
            return Ok(stream);
        }
    }
    TcpStream::connect(last).await
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpSocket;

    use super::*;

    /// An address at which nobody answers a further connection, while those that are answered are held.
    async fn swallowing() -> (SocketAddr, impl Sized) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut held = Vec::new();
        while let Ok(stream) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            held.push(stream.unwrap());
        }
        (address, (listener, held))
    }

    #[tokio::test]
    async fn an_address_that_swallows_packets_leaves_time_for_the_next() {
        let (silent, _held) = swallowing().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let connect = async |addresses: &[SocketAddr]| {
            timeout(Duration::from_secs(10), first(addresses, Duration::from_millis(100))).await
        };
        for addresses in [&[silent, good][..], &[refused, silent, good], &[good, silent]] {
            let stream = connect(addresses).await.expect("an end in time").unwrap();
            assert_eq!(stream.peer_addr().unwrap(), good);
        }
        let error = connect(&[silent, refused]).await.expect("an end in time").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect(&[]).await.expect("an end in time").is_err());
    }
}
