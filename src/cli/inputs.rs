//! The arguments that decide what a book does: variables, hosts, and which of its steps.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::base::{StepId, fs, shell};
use crate::events::record::Selection;
use crate::model::book::Source;
use crate::model::load::{host_argument, hosts_file};
use crate::model::{Diagnostics, Host, yaml};
use crate::plan::Inputs;

use super::variables;

/// What the command line adds to a book.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What is run")]
pub(crate) struct InputArguments {
    /// Gives a variable of the runbook this value; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE")]
    vars: Vec<String>,
    /// Takes variables from a YAML file; --var comes first
    #[arg(long, value_name = "FILE")]
    vars_file: Vec<PathBuf>,
    /// Where the roles are: a YAML file like the runbook's own `hosts:`
    #[arg(long, value_name = "FILE")]
    hosts_file: Vec<PathBuf>,
    /// Where a role is: anything that ssh accepts; may be repeated, and comes before --hosts-file
    #[arg(long = "host", value_name = "ROLE=DESTINATION")]
    hosts: Vec<String>,
    /// Begins with this step
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Runs these steps and no others
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// Runs the steps that have one of these tags
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    tags: Vec<String>,
    /// Leaves out the steps that have one of these tags
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    skip_tags: Vec<String>,
}

/// What the arguments come to.
#[derive(Debug, Default)]
pub(crate) struct GivenInputs {
    /// For the plan.
    pub(crate) inputs: Inputs,
    /// The files that were read, to quote from.
    pub(crate) sources: Vec<Source>,
    /// What is wrong with them.
    pub(crate) diagnostics: Diagnostics,
}

impl InputArguments {
    /// What has to be typed again to mean the same; none where nothing was given.
    pub(crate) fn again(&self) -> Option<String> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut words: Vec<(&str, String)> = Vec::new();
        words.extend(self.vars.iter().map(|said| ("--var", said.clone())));
        words.extend(self.vars_file.iter().map(|file| ("--vars-file", path(file))));
        words.extend(self.hosts_file.iter().map(|file| ("--hosts-file", path(file))));
        words.extend(self.hosts.iter().map(|said| ("--host", said.clone())));
        words.extend(self.from.iter().map(|step| ("--from", step.clone())));
        let listed = |key, list: &[String]| (!list.is_empty()).then(|| (key, list.join(",")));
        words.extend(listed("--only", &self.only));
        words.extend(listed("--tags", &self.tags));
        words.extend(listed("--skip-tags", &self.skip_tags));
        let typed: Vec<String> = words.iter().map(|(key, value)| format!("{key} {}", shell::quote(value))).collect();
        (!typed.is_empty()).then(|| typed.join(" "))
    }

    /// Reads the files that they name.
    pub(crate) fn read(&self) -> GivenInputs {
        let mut given = GivenInputs::default();
        for path in &self.vars_file {
            if let Some((name, text)) = given.source(path) {
                let read = variables::file(&name, &text, &mut given.diagnostics);
                given.inputs.vars.extend(read);
            }
        }
        for said in &self.vars {
            given.inputs.vars.extend(variables::argument(said, &mut given.diagnostics));
        }
        for path in &self.hosts_file {
            if let Some((name, text)) = given.source(path) {
                let hosts = hosts_file(&name, &text, &mut given.diagnostics);
                for host in hosts {
                    given.put_host(host);
                }
            }
        }
        for said in &self.hosts {
            if let Some(host) = host_argument(said, &mut given.diagnostics) {
                given.put_host(host);
            }
        }
        let steps = |ids: &[String]| ids.iter().map(|id| StepId::from(id.as_str())).collect();
        given.inputs.selection = Selection {
            from: self.from.as_deref().map(StepId::from),
            only: steps(&self.only),
            tags: self.tags.clone(),
            skip_tags: self.skip_tags.clone(),
        };
        given
    }
}

impl GivenInputs {
    fn source(&mut self, path: &Path) -> Option<(String, String)> {
        let name = path.to_string_lossy().into_owned();
        match fs::read_text(path, yaml::MAX_BYTES) {
            Ok(text) => {
                self.sources.push(Source { name: name.as_str().into(), path: path.to_owned(), text: text.clone() });
                Some((name, text))
            }
            Err(error) => {
                self.diagnostics.error_at_large(error.to_string());
                None
            }
        }
    }

    /// The last word on a role counts, over what those before say of it besides.
    fn put_host(&mut self, host: Host) {
        match self.inputs.hosts.iter_mut().find(|other| other.role.value == host.role.value) {
            Some(other) => other.put_over(&host),
            None => self.inputs.hosts.push(host),
        }
    }
}
