//! Tokens that another library made: its signatures are ours to verify, in each algorithm that it shares with us.

use countersign::Endpoint;
use countersign::clock::FixedClock;
use countersign::crypto::{Algorithm, Backend};
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::keys::{KeyId, KeySet, file};
use countersign::profile::{Fresh, Identification, Nesting, Profile};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use crate::jose_parties::{claims, in_body, request};
use crate::parties::{NOW, memory, post};

/// What lies before the PKCS#1 key in the PKCS#8 key of 2048 bits.
const RSA_PKCS8_HEAD: usize = 26;

#[tokio::test]
async fn tokens_of_another_library_are_taken_and_their_neighbours_refused() {
    let rsa = || rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let rows = [
        (rsa(), Algorithm::Ps256, jsonwebtoken::Algorithm::PS256),
        (rsa(), Algorithm::Ps384, jsonwebtoken::Algorithm::PS384),
        (rsa(), Algorithm::Rs512, jsonwebtoken::Algorithm::RS512),
        (
            rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
            Algorithm::Es256,
            jsonwebtoken::Algorithm::ES256,
        ),
        (
            rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
            Algorithm::Es384,
            jsonwebtoken::Algorithm::ES384,
        ),
        (rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(), Algorithm::EdDsa, jsonwebtoken::Algorithm::EdDSA),
    ];
    for (pair, algorithm, theirs) in rows {
        let key = match algorithm {
            Algorithm::Es256 | Algorithm::Es384 => EncodingKey::from_ec_der(&pair.serialize_der()),
            Algorithm::EdDsa => EncodingKey::from_ed_der(&pair.serialize_der()),
            _ => EncodingKey::from_rsa_der(&pair.serialize_der()[RSA_PKCS8_HEAD..]),
        };
        let header = Header { kid: Some("bank-1".into()), ..Header::new(theirs) };
        let token = jsonwebtoken::encode(&header, &claims(&json!({})), &key).unwrap();
        let ours = file::read(Backend::default(), pair.public_key_pem().as_bytes(), Some(algorithm)).unwrap().remove(0);
        let ours = ours.with_id(KeyId::new("bank-1").unwrap());
        let profile = Profile::jose(in_body(Nesting::Jws), Identification::Fingerprint);
        let profile = profile.with_fresh(Fresh::Expiry, std::time::Duration::ZERO);
        let clock = std::sync::Arc::new(FixedClock::at(NOW));
        let builder = Endpoint::builder("bank", profile).path("/hooks").keys(KeySet::new(vec![ours]).unwrap());
        let endpoint = builder.clock(clock.clone()).queue(memory(&clock)).build().unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        let other = format!("{message}.{first}{}", &signature[1..]);
        let refused = post(&endpoint, request(&[], other)).await.outcome;
        assert_eq!(refused, Outcome::Refused(Code::SignatureMismatch), "{algorithm}");
        assert_eq!(post(&endpoint, request(&[], token)).await.outcome, Outcome::Accepted, "{algorithm}");
    }
}
