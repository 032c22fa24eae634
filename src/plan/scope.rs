//! What is in scope for a template, and rendering within it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::base::secret;
use crate::base::{Role, RunId, Secret, Span, Spanned, StepId};
use crate::events::RunView;
use crate::model::diagnostic::nearest;
use crate::model::step::Text;
use crate::model::{Diagnostic, Node, Scalar, Severity, Shape};

use super::fault::Fault;
use super::missing;
use super::outputs::{self, Left};
use super::planned::{Plan, PlannedStep};
use super::render::{self, Names};
use super::template::{Piece, Reference, Segment, Template, is_template};
use super::value;
use super::vars::{self, Around, Var, Vars};

/// What is known of a run besides its plan.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// `run.id`.
    pub run: &'a RunId,
    /// `run.started`.
    pub started: Timestamp,
    /// What its steps left so far; none: nothing has run yet.
    pub view: Option<&'a RunView>,
}

/// What is in scope for a unit's templates.
pub struct Scope<'a> {
    plan: &'a Plan,
    phase: Option<usize>,
    step: Option<&'a PlannedStep>,
    situation: Situation<'a>,
    host: Option<&'a Role>,
    item: Option<&'a Value>,
    /// The step that has to run before the items are known.
    until: Option<&'a StepId>,
    /// The book's variables and the phase's that say something of the run.
    late: OnceLock<(Vars, Vars)>,
}

/// Why a template gives nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum RenderError {
    /// It uses what that step leaves, and that step has not run.
    Unknown(StepId),
    /// It is wrong.
    Wrong(Box<Diagnostic>),
}

impl<'a> Scope<'a> {
    /// What is in scope for a step on a host for an item.
    #[must_use]
    pub fn of(
        plan: &'a Plan,
        step: &'a PlannedStep,
        situation: Situation<'a>,
        host: Option<&'a Role>,
        item: Option<&'a Value>,
    ) -> Self {
        Self { phase: Some(step.phase), step: Some(step), host, item, ..Self::of_book(plan, situation) }
    }

    /// What is in scope for what belongs to no step: `watch`, `notify`.
    #[must_use]
    pub fn of_book(plan: &'a Plan, situation: Situation<'a>) -> Self {
        Self { plan, phase: None, step: None, situation, host: None, item: None, until: None, late: OnceLock::new() }
    }

    /// What is in scope for what belongs to a phase and to no step of it.
    #[must_use]
    pub fn of_phase(plan: &'a Plan, phase: usize, situation: Situation<'a>) -> Self {
        Self { phase: Some(phase), ..Self::of_book(plan, situation) }
    }

    /// The same on a host.
    pub(super) fn on(self, role: &'a Role) -> Self {
        Self { host: Some(role), ..self }
    }

    /// Whether a secret is named in the variable of that name.
    pub(super) fn is_sealed(&self, name: &str) -> bool {
        self.var(name).is_some_and(|var| var.is_sealed)
    }

    /// The same where the items are not known before that step has run.
    pub(super) fn until(self, step: &'a StepId) -> Self {
        Self { until: Some(step), ..self }
    }

    /// A text of the step, rendered; as written where it cannot be yet.
    pub(super) fn text_if_known(&self, text: &Text) -> String {
        if self.uses_run(text) {
            return text.value.clone();
        }
        self.text(text).unwrap_or_else(|_| text.value.clone())
    }

    /// A text as far as it is known: what cannot be stays as it is written.
    pub(super) fn as_far_as_known(&self, text: &Text) -> String {
        if !is_template(&text.value) {
            return text.value.clone();
        }
        let template = Template::read(&text.value);
        let in_pieces = |piece: &Piece<'_>| matches!(piece, Piece::Text(_) | Piece::Output(_));
        if template.broken || !template.pieces.iter().all(in_pieces) {
            return self.text_if_known(text);
        }
        let pieces = template.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Output(code) => {
                let written = format!("{{{{{}}}}}", &text.value[code.range.clone()]);
                self.text_if_known(&Text::new(written, text.span.clone()))
            }
            Piece::Tag(_) | Piece::Comment | Piece::Raw => String::new(),
        });
        pieces.collect()
    }

    /// Whether it says something of the run, itself or by a variable.
    pub(super) fn uses_run(&self, text: &Text) -> bool {
        if !is_template(&text.value) {
            return false;
        }
        let ground = &self.plan.ground;
        let own = self.phase.and_then(|phase| ground.phases.get(phase));
        let is_late = |name: &str| match own {
            Some(own) if own.get(name).is_some() => own.is_late(name),
            _ => ground.vars.is_late(name),
        };
        let template = Template::read(&text.value);
        template.references().any(|reference| reference.root() == "run" || is_late(reference.root()))
    }

    /// A text, rendered. Secrets in it are sealed (`base::secret`).
    ///
    /// # Errors
    /// Where it is wrong, or a step has to run first.
    pub fn text(&self, text: &Text) -> Result<String, RenderError> {
        let rendered = render::text(&text.value, self).map(std::borrow::Cow::into_owned);
        rendered.map_err(|fault| self.told(fault, &text.span, &text.value))
    }

    /// A value, every scalar in it rendered; one that is exactly one expression keeps its type. A scalar that a step has to run first for
    /// becomes `Scalar::Unknown`.
    ///
    /// # Errors
    /// Where a template in it is wrong.
    pub fn node(&self, node: &Node) -> Result<Node, RenderError> {
        let shape = match &node.shape {
            Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) if is_template(text) => {
                match self.scalar(text, &node.span) {
                    Ok(value) => value::into_shape(value, &node.span),
                    Err(RenderError::Unknown(step)) => Shape::Scalar(Scalar::Unknown(step)),
                    Err(wrong @ RenderError::Wrong(_)) => return Err(wrong),
                }
            }
            Shape::Scalar(scalar) => Shape::Scalar(scalar.clone()),
            Shape::List(items) => Shape::List(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?),
            Shape::Map(entries) => {
                let entry = |(key, node): &(Spanned<String>, Node)| Ok((key.clone(), self.node(node)?));
                Shape::Map(entries.iter().map(entry).collect::<Result<_, RenderError>>()?)
            }
        };
        Ok(Node { shape, span: node.span.clone() })
    }

    fn scalar(&self, text: &str, span: &Span) -> Result<Value, RenderError> {
        render::value(text, self).map_err(|fault| self.told(fault, span, text))
    }

    /// A condition (`when`): a Tera expression without braces.
    ///
    /// # Errors
    /// Where it is wrong, or a step has to run first.
    pub fn condition(&self, expression: &Text) -> Result<bool, RenderError> {
        let whole = || 0..expression.value.len();
        let wrong = |fault: Fault| self.told(fault, &expression.span, &expression.value);
        let value = render::expression(&expression.value, self).map_err(wrong)?;
        Ok(match value {
            Value::Bool(holds) => holds,
            Value::Null => false,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::Array(items) => !items.is_empty(),
            Value::Object(entries) => !entries.is_empty(),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "" => false,
                // As a text it would hold, which is not what it says.
                word @ ("true" | "false" | "yes" | "no" | "on" | "off" | "0" | "1") => {
                    let fault = Fault::wrong(whole(), format!("a condition that gives the text `{word}`"));
                    return Err(wrong(fault.hint(format!("compare it: `{} == \"{word}\"`", expression.value))));
                }
                _ => true,
            },
        })
    }

    /// The items of a `foreach`.
    ///
    /// # Errors
    /// Where it is wrong, gives no list, or a step has to run first.
    pub fn items(&self, foreach: &Node) -> Result<Vec<Value>, RenderError> {
        if foreach.get("csv").is_some() {
            // It was read when the plan was made.
            return Ok(self.step.map(|step| step.rows.to_vec()).unwrap_or_default());
        }
        let node = self.node(foreach)?;
        if let Some(step) = node.unknown_until() {
            return Err(RenderError::Unknown(step.clone()));
        }
        match value::of_node(&node) {
            Value::Array(items) => Ok(items),
            other => {
                let message = format!("`foreach` takes a list, found `{}`", secret::shown(&other.to_string()));
                let span = Some(foreach.span.clone());
                Err(boxed(Diagnostic { severity: Severity::Error, message, span, hint: None }))
            }
        }
    }

    /// A template file, rendered, with the values of secrets in it. `name` is for errors.
    ///
    /// # Errors
    /// Where it is wrong, or a step has to run first.
    pub fn file(&self, name: &str, template: &str, secrets: &BTreeMap<String, Secret>) -> Result<String, RenderError> {
        let names = WithSecrets { scope: self, secrets };
        let rendered = render::text(template, &names).map(std::borrow::Cow::into_owned);
        rendered.map_err(|fault| match fault.in_file(name, template) {
            Ok(diagnostic) => boxed(diagnostic),
            Err(step) => RenderError::Unknown(step),
        })
    }

    fn told(&self, fault: Fault, span: &Span, text: &str) -> RenderError {
        match fault.diagnostic(span, text, &self.plan.ground.places) {
            Ok(diagnostic) => boxed(diagnostic),
            Err(step) => RenderError::Unknown(step),
        }
    }

    /// The variable of that name: the phase's, else the book's.
    fn var(&self, name: &str) -> Option<&Var> {
        let ground = &self.plan.ground;
        let own = self.phase.and_then(|phase| ground.phases.get(phase));
        if let Some(own) = own
            && let Some(var) = own.get(name)
        {
            return if own.is_late(name) { self.late().1.get(name) } else { Some(var) };
        }
        if ground.vars.is_late(name) { self.late().0.get(name) } else { ground.vars.get(name) }
    }

    fn late(&self) -> &(Vars, Vars) {
        self.late.get_or_init(|| {
            let ground = &self.plan.ground;
            let run = self.run();
            let around = Around {
                outer: None,
                hosts: Some(&ground.hosts),
                run: Some(&run),
                secrets: &ground.secrets,
                places: &ground.places,
            };
            let book = ground.vars.late(&around);
            let own = self.phase.and_then(|phase| ground.phases.get(phase));
            let inner = Around { outer: Some(&book), ..around };
            let own = own.map(|own| own.late(&inner)).unwrap_or_default();
            (book, own)
        })
    }

    fn run(&self) -> tera::Value {
        value::for_templates(&json!({
            "id": self.situation.run.as_str(),
            "started": self.situation.started.to_string(),
        }))
    }

    fn host(&self) -> Option<tera::Value> {
        let role = self.host?;
        if role.is_local() {
            return Some(value::for_templates(&json!({"name": role.as_str()})));
        }
        self.plan.ground.roles.get(role).cloned()
    }

    /// `steps`, with those that the references name.
    fn steps(&self, references: &[&Reference]) -> Result<tera::Value, Fault> {
        let mut steps = Map::new();
        for reference in references {
            if let Some(written) = reference.name(1) {
                let Some(step) = self.step_of(written) else { return Err(self.explain(reference)) };
                steps.insert(written.to_owned(), self.left(step)?);
                continue;
            }
            // Which one is known only when it is rendered: all that come before.
            let own = self.step.map(PlannedStep::id);
            for step in self.plan.steps().take_while(|step| Some(step.id()) != own) {
                steps.insert(step.id().to_string(), self.left(step)?);
            }
        }
        Ok(value::for_templates(&Value::Object(steps)))
    }

    fn left(&self, step: &PlannedStep) -> Result<Value, Fault> {
        // Of what is not to be run nothing needs to be known.
        if self.step.is_some_and(|own| own.left_out.is_some()) {
            return Err(Fault::Unknown(step.id().clone()));
        }
        match outputs::of(self.plan, step, self.situation.view) {
            Left::Known(value) | Left::Nothing(_, value) => Ok(value),
            Left::Unknown => Err(Fault::Unknown(step.id().clone())),
        }
    }

    fn step_of(&self, written: &str) -> Option<&'a PlannedStep> {
        self.plan.step_named(self.phase, written)
    }
}

fn boxed(diagnostic: Diagnostic) -> RenderError {
    RenderError::Wrong(Box::new(diagnostic))
}

impl Names for Scope<'_> {
    fn value(&self, root: &str, references: &[&Reference]) -> Result<Option<tera::Value>, Fault> {
        Ok(match root {
            "secrets" => Some(vars::sealed_secrets(&self.plan.ground.secrets)),
            "run" => Some(self.run()),
            "hosts" => Some(self.plan.ground.hosts.clone()),
            "host" => self.host(),
            "item" if let Some(step) = self.until => return Err(Fault::Unknown(step.clone())),
            "item" => self.item.map(|item| value::for_templates(&value::unmarked(item.clone()))),
            "steps" => Some(self.steps(references)?),
            name => vars::value_of(self.var(name))?,
        })
    }

    fn explain(&self, reference: &Reference) -> Fault {
        let ground = &self.plan.ground;
        let here = |message: &str, hint: &str| Fault::wrong(reference.range.clone(), message).hint(hint);
        let root = reference.root();
        if let Some((word, range)) = &reference.hyphened {
            let message = format!("`{root}.{word}` is a subtraction");
            return Fault::wrong(range.clone(), message).hint(format!("`{root}[\"{word}\"]`"));
        }
        match root {
            "item" if self.item.is_none() => {
                here("`item` is not known here", "it is there only in a step with `foreach`, for each item")
            }
            "host" if self.host.is_none() => {
                here("`host` is not known here", "it is there only in a step with `on`, for each host")
            }
            "steps" => self.explain_step(reference),
            "secrets" | "run" | "hosts" | "host" | "item" => match self.value(root, &[reference]) {
                Ok(value) => missing::missing(reference, value.as_ref(), []),
                Err(fault) => fault,
            },
            name => {
                let own = self.phase.and_then(|phase| ground.phases.get(phase));
                let known = ground.vars.names().chain(own.into_iter().flat_map(Vars::names));
                missing::missing(reference, self.var(name).map(|var| &var.value), known)
            }
        }
    }
}

impl Scope<'_> {
    fn explain_step(&self, reference: &Reference) -> Fault {
        let Some((Segment::Name(written), range)) = reference.path.get(1) else {
            return Fault::wrong(reference.range.clone(), "`steps` needs the id of a step").hint("`steps.ID.stdout`");
        };
        let Some(step) = self.step_of(written) else {
            let ids: Vec<&str> = self.plan.steps().map(|step| step.id().as_str()).collect();
            let fault = Fault::wrong(range.clone(), format!("unknown step `{written}`"));
            return match nearest(written, ids) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            };
        };
        match outputs::of(self.plan, step, self.situation.view) {
            Left::Unknown => Fault::Unknown(step.id().clone()),
            Left::Nothing(why, _) => {
                Fault::wrong(reference.range.clone(), why).hint("`| default(value=\"\")` where that is fine")
            }
            Left::Known(_) => match self.steps(&[reference]) {
                Ok(steps) => missing::missing(reference, Some(&steps), []),
                Err(fault) => fault,
            },
        }
    }
}

/// A scope with the values of secrets in place of their names: for template files, whose text goes nowhere but to the host.
struct WithSecrets<'a> {
    scope: &'a Scope<'a>,
    secrets: &'a BTreeMap<String, Secret>,
}

impl Names for WithSecrets<'_> {
    fn value(&self, root: &str, references: &[&Reference]) -> Result<Option<tera::Value>, Fault> {
        if root == "secrets" {
            let values: Map<String, Value> = self
                .secrets
                .iter()
                .map(|(name, secret)| (name.clone(), Value::String(secret.expose().to_owned())))
                .collect();
            return Ok(Some(value::for_templates(&Value::Object(values))));
        }
        let Some(found) = self.scope.value(root, references)? else { return Ok(None) };
        let may_be_sealed = match root {
            "hosts" | "host" => self.scope.plan.ground.hosts_are_sealed,
            name => self.scope.is_sealed(name),
        };
        if !may_be_sealed {
            return Ok(Some(found));
        }
        let known = |name: &str| self.secrets.get(name).cloned();
        let revealed = value::map_texts(&value::from_templates(&found), &|text| {
            secret::unseal(text, known).map_or_else(|_| text.to_owned(), |secret| secret.expose().to_owned())
        });
        Ok(Some(value::for_templates(&revealed)))
    }

    fn explain(&self, reference: &Reference) -> Fault {
        self.scope.explain(reference)
    }
}
