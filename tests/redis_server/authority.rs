//! A certificate authority of a test's own, whose files go with it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

pub struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub ca: PathBuf,
}

/// Files of a certificate and its key.
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { folder, issuer: Issuer::new(params, key), ca }
    }

    /// A certificate for hosts, by name or address.
    pub fn issue(&self, hosts: &[&str]) -> Issued {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let name = hosts.concat();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(hosts).unwrap();
        // With the name of its authority it would look as if it had signed itself.
        params.distinguished_name.push(DnType::CommonName, name.as_str());
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let issued = Issued {
            certificate: self.folder.path().join(format!("{name}.pem")),
            key: self.folder.path().join(format!("{name}.key")),
        };
        std::fs::write(&issued.certificate, certificate.pem()).unwrap();
        std::fs::write(&issued.key, key.serialize_pem()).unwrap();
        std::fs::set_permissions(&issued.key, std::fs::Permissions::from_mode(0o600)).unwrap();
        issued
    }

    /// Settings of a server that has this certificate and wants one of the same authority.
    pub(super) fn settings(&self, issued: &Issued) -> Vec<(&'static str, String)> {
        let shown = |path: &PathBuf| path.display().to_string();
        vec![
            ("tls-cert-file", shown(&issued.certificate)),
            ("tls-key-file", shown(&issued.key)),
            ("tls-ca-cert-file", shown(&self.ca)),
            ("tls-auth-clients", "yes".to_owned()),
        ]
    }
}
