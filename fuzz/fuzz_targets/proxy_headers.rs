//! What a proxy writes about its caller: whatever was read reads the same when it is written again, within its bounds.
#![no_main]

use std::net::IpAddr;

use countersign::client::ClientCertificate;
use countersign::wire::client_cert;
use countersign::wire::encoding::Encoding;
use countersign::wire::forwarded::{MOST_HOPS, forwarded, x_forwarded_for};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(hops) = x_forwarded_for(text) {
        assert!(!hops.is_empty() && hops.len() <= MOST_HOPS);
        let written: Vec<String> = hops.iter().flatten().map(IpAddr::to_string).collect();
        assert_eq!(x_forwarded_for(&written.join(", ")), Ok(hops));
    }
    if let Ok(hops) = forwarded(text) {
        assert!(!hops.is_empty() && hops.len() <= MOST_HOPS);
        let written = hops.iter().map(|hop| match hop {
            Some(IpAddr::V4(address)) => format!("for={address}"),
            Some(IpAddr::V6(address)) => format!("for=\"[{address}]\""),
            None => "for=unknown".to_owned(),
        });
        assert_eq!(forwarded(&written.collect::<Vec<_>>().join(",")), Ok(hops));
    }
    if let Ok(der) = client_cert::certificate(text) {
        assert_eq!(text, format!(":{}:", Encoding::Base64.encode(&der)), "one spelling");
        let _ = ClientCertificate::vouched_for(&der);
    }
    if let Ok(chain) = client_cert::chain(text) {
        assert!(!chain.is_empty() && chain.len() <= client_cert::MOST);
        let written: Vec<_> = chain.iter().map(|der| format!(":{}:", Encoding::Base64.encode(der))).collect();
        assert_eq!(client_cert::chain(&written.join(", ")), Ok(chain));
    }
    if let Ok(plain) = client_cert::unescaped(text) {
        assert!(plain.len() <= text.len());
    }
});
