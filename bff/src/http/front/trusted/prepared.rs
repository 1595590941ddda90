//! A document that was read, measured and validated.

use super::hash::Hash;
use super::inputs::{InputTypes, Unfit};
use crate::http::admission::Class;
use async_graphql::parser::types::{ExecutableDocument, OperationType, VariableDefinition};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A document that was read, measured and validated: what is left to check are variables.
#[derive(Debug)]
pub struct Prepared {
    /// Its name in the manifest; `None`: it is in no manifest.
    pub name: Option<Arc<str>>,
    /// What it is known by.
    pub hash: Hash,
    /// How urgent it is.
    pub class: Class,
    /// Whether GET must not carry it: an operation changes something, or its answer may lie in
    /// nobody's cache.
    pub is_for_post: bool,
    pub(super) operations: Vec<PreparedOperation>,
    pub(super) types: Arc<InputTypes>,
    /// Bytes of its text.
    pub(super) length: usize,
    /// Whether a client has asked to know it by its hash from now on.
    pub(super) is_named: AtomicBool,
}

/// One operation of a document, with the fragments that it spreads and no others.
#[derive(Debug)]
pub struct PreparedOperation {
    /// `None`: it is the only one, and has none.
    pub name: Option<String>,
    /// What it does.
    pub ty: OperationType,
    /// What the executor takes.
    pub document: ExecutableDocument,
    /// For how many seconds its answer may be kept for everybody; `None`: for nobody.
    pub max_age_s: Option<u32>,
    pub(super) variables: Vec<VariableDefinition>,
}

/// The document has no such operation, or several and none was named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoOperation {
    /// No such one.
    #[error("there is no operation `{0}` in the document")]
    Unknown(String),
    /// Which?
    #[error("the document has several operations: say which with `operationName`")]
    Unnamed,
}

impl Prepared {
    /// The place of the operation of this name; without a name, of the only one.
    ///
    /// # Errors
    /// [`NoOperation`].
    pub fn select(&self, name: Option<&str>) -> Result<usize, NoOperation> {
        match (name, self.operations.len()) {
            (None, 1) => Ok(0),
            (None, _) => Err(NoOperation::Unnamed),
            (Some(name), _) => {
                let at = self.operations.iter().position(|one| one.name.as_deref() == Some(name));
                at.ok_or_else(|| NoOperation::Unknown(name.to_owned()))
            }
        }
    }

    /// The operation at a place that [`Self::select`] gave.
    pub fn operation(&self, at: usize) -> &PreparedOperation {
        &self.operations[at]
    }

    /// Variables as that operation declares them.
    ///
    /// # Errors
    /// [`Unfit`]: the first that is missing or of another type.
    pub fn fit(&self, at: usize, sent: Map<String, Value>) -> Result<Map<String, Value>, Unfit> {
        self.types.fit(&self.operations[at].variables, sent)
    }

    /// A client knows it by its hash from now on.
    pub(super) fn name_it(&self) {
        self.is_named.store(true, Ordering::Relaxed);
    }

    /// Whether one does.
    pub(super) fn is_named(&self) -> bool {
        self.is_named.load(Ordering::Relaxed)
    }
}
