//! One endpoint of a configuration whose rest is not looked at. The rule: only what its own table names is read, so that
//! somebody who has not the secrets of the whole receiver can work with it.

use std::path::Path;

use super::endpoint::{EndpointSettings, Surroundings};
use super::file::File;
use super::limits::LimitSettings;
use super::problem::{Problem, Source, text_of};
use super::reach::Reach;
use super::units;
use crate::endpoint::BodyBudget;
use crate::error::ConfigError;
use crate::verify::DecryptionPermits;

impl EndpointSettings {
    /// Reads the endpoint of this name.
    ///
    /// # Errors
    /// A [`Problem`] if the file is no configuration, there is no such endpoint, or something is wrong with it.
    pub fn load(path: &Path, name: &str) -> Result<Self, Problem> {
        let text = text_of(path)?;
        let source = Source { file: path, text: &text };
        let file: File = toml::from_str(&text).map_err(|error| source.unreadable(&error))?;
        let table = file.endpoint.iter().find(|table| table.get_ref().name == name).ok_or_else(|| {
            let known: Vec<_> = file.endpoint.iter().map(|table| table.get_ref().name.as_str()).collect();
            Problem::of_file(path, format!("expected one of {} as endpoint, but found {name:?}", known.join(", ")))
        })?;
        let in_server = |error: ConfigError| source.problem(&source.table("server"), "[server]", &error);
        let limits = LimitSettings::read(&file.server).map_err(in_server)?;
        let retain = units::span(file.store.retain.get_ref()).map_err(|message| {
            source.problem(&file.store.retain.span(), "[store]", &ConfigError::new("retain", message))
        })?;
        let sinks: Vec<_> = file.sink.iter().map(|sink| sink.get_ref().name.as_str()).collect();
        let context = Surroundings {
            folder: path.parent().unwrap_or_else(|| Path::new("")),
            reach: Reach::of(&file.server),
            retain,
            public_url: file.server.public_url.as_deref(),
            sinks: &sinks,
            permits: &DecryptionPermits::default(),
            limits,
            budget: &BodyBudget::new(limits.in_flight),
        };
        Self::read(table.get_ref(), &context, &mut Vec::new())
            .map_err(|error| source.problem(&table.span(), &format!("endpoint {name:?}"), &error))
    }
}
