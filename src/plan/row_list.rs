//! The rows of a plan, which its copies share.

use std::ops::Index;
use std::slice::{Iter, IterMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::row::Row;
use crate::resource::{Address, SharedValue};

/// Rows in display order. Copies of a plan share them, and so does a plan that follows another with those that are the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowList(Vec<SharedValue<Row>>);

impl RowList {
    /// Returns the rows, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Row> + ExactSizeIterator + Clone {
        self.0.iter().map(dereferenced as fn(&SharedValue<Row>) -> &Row)
    }

    /// Returns the rows as they are shared, in order.
    pub fn shared(&self) -> Iter<'_, SharedValue<Row>> {
        self.0.iter()
    }

    /// Returns the rows, in order, to be changed. A row that another plan has too is copied when it is.
    pub fn iter_mut(&mut self) -> IterMut<'_, SharedValue<Row>> {
        self.0.iter_mut()
    }

    /// Returns a row by its index.
    pub fn get(&self, index: usize) -> Option<&Row> {
        self.0.get(index).map(|row| &**row)
    }

    /// Returns the row of a resource. The rows have to be in display order.
    pub fn find(&self, address: &Address) -> Option<&Row> {
        self.position(address).and_then(|at| self.get(at))
    }

    /// Returns the index of the row of a resource. The rows have to be in display order.
    pub fn position(&self, address: &Address) -> Option<usize> {
        self.0.binary_search_by(|row| row.address.cmp(address)).ok()
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn dereferenced(row: &SharedValue<Row>) -> &Row {
    row
}

impl Index<usize> for RowList {
    type Output = Row;

    fn index(&self, index: usize) -> &Row {
        &self.0[index]
    }
}

impl<'a> IntoIterator for &'a RowList {
    type Item = &'a Row;
    type IntoIter = std::iter::Map<Iter<'a, SharedValue<Row>>, fn(&SharedValue<Row>) -> &Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(dereferenced as fn(&SharedValue<Row>) -> &Row)
    }
}

impl<'a> IntoIterator for &'a mut RowList {
    type Item = &'a mut SharedValue<Row>;
    type IntoIter = IterMut<'a, SharedValue<Row>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

impl IntoIterator for RowList {
    type Item = SharedValue<Row>;
    type IntoIter = std::vec::IntoIter<SharedValue<Row>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<SharedValue<Row>> for RowList {
    fn from_iter<I: IntoIterator<Item = SharedValue<Row>>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl FromIterator<Row> for RowList {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        Self(rows.into_iter().map(SharedValue::from).collect())
    }
}

impl From<Vec<Row>> for RowList {
    fn from(rows: Vec<Row>) -> Self {
        rows.into_iter().collect()
    }
}

impl Serialize for RowList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de> Deserialize<'de> for RowList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Row>::deserialize(deserializer).map(Self::from)
    }
}
