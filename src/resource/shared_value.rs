//! A value that several owners have, and that none of them changes for the others.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::value::are_identical;

/// A value that clones share. Changing one through [`DerefMut`] copies it first where others have it too, so that it behaves
/// like the value itself: a state, the steps of a plan and their operations hold a resource once.
#[derive(Default, Eq, PartialOrd, Ord)]
pub struct SharedValue<T>(Arc<T>);

impl<T> SharedValue<T> {
    /// Whether both are the same value in memory, and therefore equal.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: PartialEq> SharedValue<T> {
    /// Returns the other value where it is equal, and a new one otherwise: equal values are held once.
    pub fn same_or_new(value: T, other: Option<&Self>) -> Self {
        let same = other.filter(|other| *other == &value);
        same.cloned().unwrap_or_else(|| value.into())
    }
}

impl SharedValue<Value> {
    /// Holds what another holds too only once. Nothing that can be read changes, the order of keys included.
    pub fn share(&mut self, other: &Self) {
        if !self.is_same(other) && are_identical(self, other) {
            self.clone_from(other);
        }
    }
}

impl<T: Clone> SharedValue<T> {
    /// Returns the value, copied where others have it too.
    pub fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.0)
    }
}

// By hand, because the derived one would ask for `T: Clone`.
impl<T> Clone for SharedValue<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

// As the value: who prints one wants to know nothing of its owners.
impl<T: fmt::Debug> fmt::Debug for SharedValue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, formatter)
    }
}

impl<T> Deref for SharedValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for SharedValue<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T> From<T> for SharedValue<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T: PartialEq> PartialEq for SharedValue<T> {
    fn eq(&self, other: &Self) -> bool {
        // Most values of two plans that follow each other are the same ones.
        self.is_same(other) || self.0 == other.0
    }
}

impl<T: PartialEq> PartialEq<T> for SharedValue<T> {
    fn eq(&self, other: &T) -> bool {
        *self.0 == *other
    }
}

impl<T: Serialize> Serialize for SharedValue<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::serialize(self, serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for SharedValue<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}
