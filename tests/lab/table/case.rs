//! A case: what is there, a step, and what is to come of it.

/// A case of a table. In its step, `HERE` stands for the folder that it has on each host (`QUOTED_HERE` for that as a word of a shell), and
/// `SELF` for a name of its own. Its scripts start in that folder, as root, and have both in their environment.
#[derive(Clone)]
pub(crate) struct Case {
    pub(super) name: String,
    pub(super) on: Vec<&'static str>,
    pub(super) at: Vec<&'static str>,
    pub(super) given: String,
    pub(super) cleared: String,
    pub(super) step: String,
    pub(super) end: End,
    pub(super) foresees: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) leaves: String,
    pub(super) paths: Vec<String>,
    pub(super) state: String,
    pub(super) someone: Vec<Someone>,
    pub(super) meanwhile: Vec<Meanwhile>,
    pub(super) crash: Option<Crash>,
    pub(super) takes_back: bool,
}

/// How a step is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It changes something; run again it finds that done.
    Changes,
    /// It is as asked already.
    AsAsked,
    /// It does something each time, or looks each time.
    Acts,
    /// It is not begun, for a reason with these words.
    Blocked(String),
    /// It fails with these words, and leaves nothing changed.
    Fails(String),
}

/// Somebody else changes something between the run and its rollback.
#[derive(Clone)]
pub(super) struct Someone {
    pub(super) does: String,
    pub(super) then: Then,
}

/// What a rollback makes of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It stops with these words, and changes nothing.
    Stops(String),
    /// It goes through, and then this script succeeds.
    Leaves(String),
}

/// Somebody else changes something between the look at it and the deed.
#[derive(Clone)]
pub(super) struct Meanwhile {
    pub(super) does: String,
    /// What the step fails with.
    pub(super) why: String,
}

/// How a controller is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// With the intent in the journal and nothing sent; and when all was done and not yet in the journal: what is done is done with nothing but
    /// the record of that kind there.
    Around(&'static str),
    /// With the intent in the journal and nothing sent; and in the middle of a durable job.
    Middle(Middle),
    /// As `Around`, and then nobody but a person can know whether it was done: or its `verify` does.
    Unknown(Knows),
}

/// Who knows whether a step was done whose controller has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knows {
    /// A person.
    Person,
    /// The step's `verify`, where it was done. Where it was not, a person.
    Verify,
}

/// The middle of a durable job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Middle {
    /// What makes the job stand still there.
    pub(super) stop: String,
    /// What succeeds once it does.
    pub(super) stands: String,
    /// What lets it go on.
    pub(super) go_on: String,
}

impl Case {
    pub(super) fn new(name: &str, on: &[&'static str]) -> Self {
        Self {
            name: name.to_owned(),
            on: on.to_vec(),
            at: Vec::new(),
            given: String::new(),
            cleared: String::new(),
            step: String::new(),
            end: End::Changes,
            foresees: Vec::new(),
            outputs: Vec::new(),
            leaves: String::new(),
            paths: Vec::new(),
            state: String::new(),
            someone: Vec::new(),
            meanwhile: Vec::new(),
            crash: None,
            takes_back: true,
        }
    }

    /// On these roles in place of the table's: `old` (root), `new` (admin, becomes root without a password), `keeper` (new again, sudo with a
    /// password), `admin` (new again, stays admin), `mirror1`, `mirror2`, `ns1`, or `local`. None: the step has no `on`.
    pub(crate) fn on(self, roles: &[&'static str]) -> Self {
        Self { on: roles.to_vec(), ..self }
    }

    /// It concerns these roles, whatever the step is on: the case has its folder on each of them, and its scripts run on each, with `$ROLE`
    /// telling where they are. For what goes from one host to another, with `on(&[])` where the step has no `on`.
    pub(crate) fn folders(self, roles: &[&'static str]) -> Self {
        Self { at: roles.to_vec(), ..self }
    }

    /// What makes the host as it is to be before: a script. All times in the case's folder are then turned back to 2018.
    pub(crate) fn given(self, script: &str) -> Self {
        Self { given: script.to_owned(), ..self }
    }

    /// What takes away in the end what `given` has made outside of the case's folder: a script.
    pub(crate) fn cleared_by(self, script: &str) -> Self {
        Self { cleared: script.to_owned(), ..self }
    }

    /// The step, in YAML, without `id` and `on`.
    pub(crate) fn step(self, yaml: &str) -> Self {
        Self { step: yaml.to_owned(), ..self }
    }

    /// It is as asked already: nothing is changed.
    pub(crate) fn satisfied(self) -> Self {
        Self { end: End::AsAsked, ..self }
    }

    /// It does something each time that it is run, as a restart or a check does.
    pub(crate) fn acts(self) -> Self {
        Self { end: End::Acts, ..self }
    }

    /// It cannot be begun: dry run and run say so with these words, and nothing is changed.
    pub(crate) fn blocked(self, why: &str) -> Self {
        Self { end: End::Blocked(why.to_owned()), ..self }
    }

    /// It fails with these words, and leaves nothing changed.
    pub(crate) fn fails(self, why: &str) -> Self {
        Self { end: End::Fails(why.to_owned()), ..self }
    }

    /// The dry run says this somewhere about it.
    pub(crate) fn foresees(mut self, words: &str) -> Self {
        self.foresees.push(words.to_owned());
        self
    }

    /// It leaves this in its `stdout` for later steps.
    pub(crate) fn outputs(mut self, words: &str) -> Self {
        self.outputs.push(words.to_owned());
        self
    }

    /// A script that succeeds once the step is done.
    pub(crate) fn leaves(self, script: &str) -> Self {
        Self { leaves: script.to_owned(), ..self }
    }

    /// A path outside of the case's folder that it concerns too, with all that is below; `SELF` may stand there, as in the step.
    pub(crate) fn also(mut self, path: &str) -> Self {
        self.paths.push(path.to_owned());
        self
    }

    /// A script that prints what the case concerns and is no file: the state of a service, the rows of a table.
    pub(crate) fn state(self, script: &str) -> Self {
        Self { state: script.to_owned(), ..self }
    }

    /// Once more, with somebody who runs this script between the run and the rollback: that stops with these words, and changes nothing.
    pub(crate) fn stops_after(mut self, script: &str, why: &str) -> Self {
        self.someone.push(Someone { does: script.to_owned(), then: Then::Stops(why.to_owned()) });
        self
    }

    /// Once more, with somebody who runs this script between the run and the rollback: that goes through, and then `leaves` succeeds.
    pub(crate) fn goes_back_after(mut self, script: &str, leaves: &str) -> Self {
        self.someone.push(Someone { does: script.to_owned(), then: Then::Leaves(leaves.to_owned()) });
        self
    }

    /// Once more, with somebody who runs this script when the host was looked at and nothing is changed yet: the step fails with these words, and
    /// what they have made of the host stays, after a rollback too.
    pub(crate) fn beaten_by(mut self, script: &str, why: &str) -> Self {
        self.meanwhile.push(Meanwhile { does: script.to_owned(), why: why.to_owned() });
        self
    }

    /// There is no way back: a rollback says so with these words. The case has a run of its own.
    pub(crate) fn no_way_back(mut self, why: &str) -> Self {
        self.takes_back = false;
        self.stops_after("", why)
    }

    /// Once more, with a controller that is killed: with the intent in the journal and nothing sent, and again when all was done and not yet
    /// in the journal; then a resume ends where an undisturbed run ends, and a rollback, killed in the same two places, where it began.
    pub(crate) fn crashes(self) -> Self {
        Self { crash: Some(Crash::Around("intended")), ..self }
    }

    /// The same for what runs as one durable job, which has to be in the journal before it is launched.
    pub(crate) fn crashes_around_its_job(self) -> Self {
        Self { crash: Some(Crash::Around("sent")), ..self }
    }

    /// The same where nobody can tell afterwards whether it was done: a resume says so and changes nothing, and goes on once a person has said
    /// `retry` or `done`. The step has `on_failure: stop`.
    pub(crate) fn asks_after_a_crash(self) -> Self {
        Self { crash: Some(Crash::Unknown(Knows::Person)), ..self }
    }

    /// The same where the step's `verify` can tell that it was done.
    pub(crate) fn verify_tells_after_a_crash(self) -> Self {
        Self { crash: Some(Crash::Unknown(Knows::Verify)), ..self }
    }

    /// The same for what runs as a durable job, in the middle of which it is killed: the script `stop` makes the job stand still there,
    /// `stands` succeeds once it does, and `go_on` lets it end.
    pub(crate) fn crashes_in_the_middle(self, stop: &str, stands: &str, go_on: &str) -> Self {
        let [stop, stands, go_on] = [stop, stands, go_on].map(str::to_owned);
        Self { crash: Some(Crash::Middle(Middle { stop, stands, go_on })), ..self }
    }
}
