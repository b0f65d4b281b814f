//! Where operators ask, of a configuration whose rest is not looked at. The rule: what is wrong elsewhere in the file, or in
//! a file that it names, keeps nobody from asking the receiver that runs.

use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;

use super::file::SecretTable;
use super::problem::{Problem, Source, text_of};
use super::secret;
use crate::crypto::Secret;

/// The operators' listener, and what they have to show there.
#[derive(Debug)]
pub struct Operators {
    /// Where they connect; none if there is no such listener.
    pub admin: Option<SocketAddr>,
    /// Their token.
    pub token: Option<Secret>,
}

#[derive(Deserialize)]
struct File {
    server: Table,
}

#[derive(Deserialize)]
struct Table {
    admin: Option<SocketAddr>,
    admin_token: Option<SecretTable>,
}

impl Operators {
    /// Reads it.
    ///
    /// # Errors
    /// A [`Problem`] if the file is no TOML, or says nothing readable of the listener.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let text = text_of(path)?;
        let source = Source { file: path, text: &text };
        let file: File = toml::from_str(&text).map_err(|error| source.unreadable(&error))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let token = file.server.admin_token.as_ref().map(|table| secret::read(table, folder, "admin_token"));
        let token = token.transpose().map_err(|error| source.problem(&source.table("server"), "[server]", &error))?;
        Ok(Self { admin: file.server.admin, token: token.map(|(token, _)| token) })
    }
}
