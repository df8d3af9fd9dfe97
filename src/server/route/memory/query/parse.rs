//! Reads `SELECT column, … FROM table`. The text itself never reaches a database.

use super::columns::QueryTable;

/// What a query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NarrowQuery {
    pub(super) table: QueryTable,
    /// The columns in the order of the query.
    pub(super) columns: Vec<&'static str>,
}

/// Why a query is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum QueryError {
    #[error("SQL query is required.")]
    Empty,
    #[error("Do not include ORDER BY, LIMIT, or OFFSET in your SQL — they are added automatically.")]
    Order,
    #[error("SQL_ERROR: syntax error at or near \"{0}\"")]
    Syntax(String),
    #[error("Unknown table '{0}'")]
    Table(String),
    #[error("Unknown column '{column}' in table '{table}'")]
    Column { column: String, table: String },
    #[error("SQL_ERROR: this server answers only SELECT column, … FROM entities or watchers; `{0}` is more than that")]
    Unsupported(String),
}

/// Returns the words and signs of a query.
fn tokens(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = if is_word(first) {
            rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        found.push(token);
        rest = after.trim_start();
    }
    found
}

/// Reads a query.
pub(super) fn parse(sql: &str) -> Result<NarrowQuery, QueryError> {
    let tokens = tokens(sql);
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.eq_ignore_ascii_case(word));
    let Some(first) = tokens.first() else {
        return Err(QueryError::Empty);
    };
    let ordered = |at: &usize| is(*at, "limit") || is(*at, "offset") || (is(*at, "order") && is(at + 1, "by"));
    if (0..tokens.len()).any(|at| ordered(&at)) {
        return Err(QueryError::Order);
    }
    if !is(0, "select") {
        return Err(QueryError::Syntax((*first).to_owned()));
    }
    let from = tokens.iter().position(|token| token.eq_ignore_ascii_case("from"));
    let from = from.ok_or_else(|| QueryError::Unsupported(sql.trim().chars().take(80).collect()))?;
    let name = tokens.get(from + 1).copied().unwrap_or_default();
    if let Some(more) = tokens.get(from + 2) {
        let more = (*more).to_owned();
        return Err(if more == ";" {
            QueryError::Syntax(more)
        } else {
            QueryError::Unsupported(more)
        });
    }
    let table = QueryTable::named(name).ok_or_else(|| QueryError::Table(name.to_owned()))?;
    let columns = columns(&tokens[1..from], table, name)?;
    Ok(NarrowQuery { table, columns })
}

/// Reads the list of columns, which commas separate.
fn columns(tokens: &[&str], table: QueryTable, name: &str) -> Result<Vec<&'static str>, QueryError> {
    if tokens == ["*"] {
        return Ok(table.columns().iter().map(|(column, _)| *column).collect());
    }
    let mut found = Vec::new();
    for part in tokens.split(|token| *token == ",") {
        let column = match part {
            [column] => *column,
            [] => return Err(QueryError::Syntax(",".to_owned())),
            [_, more, ..] => return Err(QueryError::Unsupported((*more).to_owned())),
        };
        let known = table
            .columns()
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(column));
        let (known, _) = known.ok_or_else(|| QueryError::Column {
            column: column.to_owned(),
            table: name.to_owned(),
        })?;
        found.push(*known);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_columns_of_a_table() {
        let query = parse("SELECT id, content,deleted_at\nFROM entities ").unwrap();
        assert_eq!(query.table, QueryTable::Entities);
        assert_eq!(query.columns, ["id", "content", "deleted_at"]);
        assert_eq!(parse("select * from watchers").unwrap().columns.len(), 13);
    }

    #[test]
    fn refuses_everything_else() {
        for (sql, words) in [
            ("", "is required"),
            ("DELETE FROM entities", "at or near \"DELETE\""),
            ("SELECT nope FROM entities", "Unknown column 'nope' in table 'entities'"),
            ("SELECT id FROM agents", "Unknown table 'agents'"),
            ("SELECT id FROM entities ORDER BY id", "Do not include"),
            ("SELECT id FROM entities LIMIT 1", "Do not include"),
            ("SELECT id FROM entities;", "at or near \";\""),
            ("SELECT id FROM entities, watchers", "is more than that"),
            ("SELECT count(*) FROM entities", "is more than that"),
            ("SELECT id FROM entities WHERE id = 1", "is more than that"),
            ("SELECT id, FROM entities", "at or near \",\""),
            ("SELECT 1", "is more than that"),
            ("WITH x AS (SELECT 1) SELECT 1", "at or near \"WITH\""),
        ] {
            let error = parse(sql).unwrap_err().to_string();
            assert!(error.contains(words), "{sql}: {error}");
        }
    }
}
