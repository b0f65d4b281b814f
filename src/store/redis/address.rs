//! Where a Redis is, from the store's URL. The rule: nothing that prints an address prints its password.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::link::RedisTls;
use crate::clock::Timestamp;

/// What stands behind an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// One server.
    Single,
    /// A Cluster; the nodes are some of its own.
    Cluster,
    /// The master of this name; the nodes are Sentinels.
    Sentinel(Box<str>),
}

/// Host and port of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) host: Box<str>,
    pub(super) port: u16,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// As whom to log in.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: Option<Box<str>>,
    pub(super) password: Option<Zeroizing<String>>,
}

/// Where a Redis is, and as whom to log in:
/// `redis://[user:password@]host[:port][/db]`, `redis-cluster://[user:password@]host:port,host:port`,
/// `redis+sentinel://[user:password@]host:port,host:port/master[/db]`; with `rediss` each is over TLS. Reserved
/// characters in user and password are percent-encoded.
#[derive(Clone)]
pub struct RedisAddress {
    pub(super) kind: Kind,
    pub(super) nodes: Vec<Node>,
    pub(super) tls: Option<RedisTls>,
    pub(super) login: Login,
    /// The login of the Sentinels, which never get that of the server.
    pub(super) sentinels: Login,
    pub(super) database: i64,
}

/// Why a URL is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError(String);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AddressError {}

impl RedisAddress {
    /// The same with a password that was kept elsewhere than in the URL.
    #[must_use]
    pub fn with_password(mut self, password: Zeroizing<String>) -> Self {
        self.login.password = Some(password);
        self
    }

    /// The same with a login for the Sentinels.
    #[must_use]
    pub fn with_sentinel_login(mut self, user: Option<&str>, password: Zeroizing<String>) -> Self {
        self.sentinels = Login { user: user.map(Into::into), password: Some(password) };
        self
    }

    /// The same with authorities or a certificate of our own. An address without TLS stays without.
    #[must_use]
    pub fn with_tls(mut self, tls: RedisTls) -> Self {
        self.tls = self.tls.map(|_| tls);
        self
    }

    /// The last moment of the certificate by which we come.
    pub fn certificate_ends(&self) -> Option<Timestamp> {
        self.tls.as_ref().and_then(|tls| tls.not_after)
    }

    /// Whether connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether Sentinels are asked for the master.
    pub fn has_sentinels(&self) -> bool {
        matches!(self.kind, Kind::Sentinel(_))
    }

    /// Whether a password goes over the network as it is.
    pub fn shows_password(&self) -> bool {
        let local = |node: &Node| matches!(&*node.host, "localhost" | "127.0.0.1" | "::1");
        let secret = self.login.password.is_some() || self.sentinels.password.is_some();
        // Sentinels and a Cluster name servers that nobody knows yet.
        let near = matches!(self.kind, Kind::Single) && self.nodes.iter().all(local);
        !self.is_encrypted() && secret && !near
    }

    /// Whether a user is named, and no password of theirs.
    pub(super) fn lacks_password(&self) -> bool {
        [&self.login, &self.sentinels].into_iter().any(|login| login.user.is_some() && login.password.is_none())
    }
}

impl FromStr for RedisAddress {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("redis://HOST", "a text without a scheme"))?;
        let (tls, plain) = match scheme.strip_prefix("rediss") {
            Some(plain) => (true, plain),
            None => (false, scheme.strip_prefix("redis").unwrap_or("?")),
        };
        let (login, rest) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let default_port = if plain == "+sentinel" { 26379 } else { 6379 };
        let nodes = hosts.split(',').map(|text| node(text, default_port)).collect::<Result<Vec<_>, _>>()?;
        let (kind, database) = match plain {
            "" if nodes.len() == 1 => (Kind::Single, path),
            "" => return Err(wrong("one host", "several; redis-cluster:// takes several")),
            "-cluster" if path.is_empty() || path == "0" => (Kind::Cluster, ""),
            "-cluster" => return Err(wrong("a Cluster without a database", "a path")),
            "+sentinel" => {
                let (master, database) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err(wrong("the master's name after the Sentinels, as in /mymaster", "none"));
                }
                (Kind::Sentinel(master.into()), database)
            }
            _ => return Err(wrong("redis:, redis-cluster:, redis+sentinel:, or these with rediss", "another scheme")),
        };
        let database = match database {
            "" => 0,
            text => {
                text.parse::<u16>().map(i64::from).map_err(|_| wrong("the number of a database", "another path"))?
            }
        };
        let login = match login {
            None => Login::default(),
            Some(login) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                let (user, password) = (decode(user)?, decode(password)?);
                let user = (!user.is_empty()).then(|| user.as_str().into());
                Login { user, password: (!password.is_empty()).then_some(password) }
            }
        };
        let tls = tls.then(|| RedisTls::new(None, None)).transpose().map_err(|_| wrong("TLS", "none"))?;
        Ok(Self { kind, nodes, tls, login, sentinels: Login::default(), database })
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<_> = self.nodes.iter().map(ToString::to_string).collect();
        let nodes = nodes.join(", ");
        match &self.kind {
            Kind::Single => write!(f, "Redis at {nodes}"),
            Kind::Cluster => write!(f, "the Redis Cluster at {nodes}"),
            Kind::Sentinel(master) => write!(f, "Redis {master:?} of the Sentinels at {nodes}"),
        }
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisAddress({self})")
    }
}

fn node(text: &str, default_port: u16) -> Result<Node, AddressError> {
    let bad = || wrong("HOST:PORT", "another text in the place of a host");
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or_else(bad)?;
            (host, port.strip_prefix(':'))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Ok(default_port), |port| port.parse().map_err(|_| bad()))?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(bad());
    }
    Ok(Node { host: host.into(), port })
}

/// Takes percent-encoding off.
fn decode(text: &str) -> Result<Zeroizing<String>, AddressError> {
    let bad = || wrong("percent-encoded text for user and password", "other bytes");
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit(rest.next()).ok_or_else(bad)?, digit(rest.next()).ok_or_else(bad)?);
        let value = high.checked_mul(16).and_then(|high| high.checked_add(low)).ok_or_else(bad)?;
        bytes.push(u8::try_from(value).map_err(|_| bad())?);
    }
    std::str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| bad())
}

/// The rest of a URL may hold a password, so no part of it is repeated.
fn wrong(expected: &str, found: &str) -> AddressError {
    AddressError(format!("expected {expected}, but found {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> RedisAddress {
        url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn every_form_is_read() {
        let single = read("rediss://user:p%40ss%2f@host:7000/3");
        assert_eq!((single.is_encrypted(), single.database, single.nodes.len()), (true, 3, 1));
        assert_eq!(
            (single.login.user.as_deref(), single.login.password.as_deref().map(String::as_str)),
            (Some("user"), Some("p@ss/"))
        );
        assert_eq!(read("redis://[::1]").nodes, [Node { host: "::1".into(), port: 6379 }]);
        let cluster = read("redis-cluster://:secret@one:1,two:2");
        assert_eq!((&cluster.kind, cluster.nodes.len(), cluster.login.user), (&Kind::Cluster, 2, None));
        let sentinel = read("redis+sentinel://one,two:2/mymaster/4");
        assert_eq!((sentinel.kind, sentinel.database), (Kind::Sentinel("mymaster".into()), 4));
        assert_eq!(sentinel.nodes[0].port, 26379);
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for url in [
            "redis",
            "http://secret@host",
            "redis://secret@",
            "redis://secret@a,b",
            "redis://secret@host/x",
            "redis://secret@host:x",
            "redis-cluster://secret@host/1",
            "redis+sentinel://secret@host",
            "redis://se%zzcret@host",
            "redis://host:1:secret",
        ] {
            let error = url.parse::<RedisAddress>().expect_err(url).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        let address = read("redis://user:canary@host");
        assert!(!format!("{address:?} {address}").contains("canary"));
        assert!(address.shows_password());
        assert!(!read("redis://user:canary@127.0.0.1").shows_password());
        assert!(!read("rediss://user:canary@host").shows_password());
        let sentinels = read("redis+sentinel://host/main").with_sentinel_login(None, "canary".to_owned().into());
        assert!(sentinels.shows_password() && !format!("{sentinels:?} {sentinels}").contains("canary"));
    }

    #[test]
    fn no_address_switches_the_check_of_a_certificate_off() {
        for url in
            ["rediss://host/#insecure", "rediss://host#insecure", "rediss://host/0#insecure", "rediss://host?insecure"]
        {
            assert!(url.parse::<RedisAddress>().is_err(), "{url}");
        }
    }
}
