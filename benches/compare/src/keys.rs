//! Keys of one run, made anew and for nothing else, and what they sign.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// PKCS#1 v1.5 with a modulus of so many bits.
    Rs256(u16),
    Ps256,
    Es256,
    Hs256,
}

impl Algorithm {
    /// As RFC 7518 writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rs256(_) => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }
}

pub struct Keys {
    rsa: [(u16, RsaKeyPair); 3],
    ec: EcdsaKeyPair,
    /// Text, because some take nothing else.
    secret: String,
    folder: PathBuf,
}

fn failed<E: std::fmt::Debug>(error: E) -> Error {
    Error::other(format!("a key: {error:?}"))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

impl Keys {
    /// Makes all of them, and files of the public ones below `folder`: PEM, and DER for who is asked by the ceiling.
    pub fn make(folder: &Path) -> Result<Self> {
        let rsa = |bits, size| Ok::<_, Error>((bits, RsaKeyPair::generate(size).map_err(failed)?));
        let rsa = [rsa(2048, KeySize::Rsa2048)?, rsa(3072, KeySize::Rsa3072)?, rsa(4096, KeySize::Rsa4096)?];
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
        let mut random = [0; 32];
        aws_lc_rs::rand::fill(&mut random).map_err(failed)?;
        let secret = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let keys = Self { rsa, ec, secret, folder: folder.to_owned() };
        std::fs::create_dir_all(folder)?;
        for algorithm in [Algorithm::Rs256(2048), Algorithm::Rs256(3072), Algorithm::Rs256(4096), Algorithm::Es256] {
            let der = keys.public(algorithm)?;
            std::fs::write(keys.file(algorithm, "der"), &der)?;
            std::fs::write(keys.file(algorithm, "pem"), pem("PUBLIC KEY", &der))?;
        }
        let private: Pkcs8V1Der<'_> = keys.rsa[0].1.as_der().map_err(failed)?;
        keys.private_file("decrypt.pem", pem("PRIVATE KEY", private.as_ref()).as_bytes())?;
        keys.private_file("decrypt.der", private.as_ref())?;
        keys.private_file("hs256.der", keys.secret.as_bytes())?;
        keys.private_file("hs256.pem", keys.secret.as_bytes())?;
        Ok(keys)
    }

    fn private_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes)?;
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
    }

    /// Where the public key is, or the secret.
    pub fn file(&self, algorithm: Algorithm, form: &str) -> PathBuf {
        let name = match algorithm {
            Algorithm::Rs256(bits) => format!("rsa{bits}"),
            Algorithm::Ps256 => "rsa2048".to_owned(),
            Algorithm::Es256 => "es256".to_owned(),
            Algorithm::Hs256 => "hs256".to_owned(),
        };
        self.folder.join(format!("{name}.{form}"))
    }

    /// The private key that opens a JWE.
    pub fn decrypting(&self) -> PathBuf {
        self.folder.join("decrypt.pem")
    }

    /// The same for the ceiling, in PKCS#8.
    pub fn opens(&self) -> PathBuf {
        self.folder.join("decrypt.der")
    }

    fn rsa(&self, algorithm: Algorithm) -> &RsaKeyPair {
        let bits = if let Algorithm::Rs256(bits) = algorithm { bits } else { 2048 };
        &self.rsa[usize::from((bits - 2048) / 1024)].1
    }

    pub fn public(&self, algorithm: Algorithm) -> Result<Vec<u8>> {
        let der: PublicKeyX509Der<'_> = if algorithm == Algorithm::Es256 {
            self.ec.public_key().as_der().map_err(failed)?
        } else {
            self.rsa(algorithm).public_key().as_der().map_err(failed)?
        };
        Ok(der.as_ref().to_vec())
    }

    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::Hs256 => return Ok(self.mac(message)),
            Algorithm::Es256 => return Ok(self.ec.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Algorithm::Rs256(_) | Algorithm::Ps256 => {}
        }
        let (key, padding) =
            (self.rsa(algorithm), if algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 });
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(padding as &dyn aws_lc_rs::signature::RsaEncoding, &random, message, &mut signature)
            .map_err(failed)?;
        Ok(signature)
    }

    pub fn mac(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes()), message).as_ref().to_vec()
    }
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}
