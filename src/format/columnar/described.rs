//! Key-value metadata in which pandas, Arrow, Spark and others keep copies of the schema: without what they say of columns
//! that are taken out. A reader that believes such a copy would otherwise miss the columns, or make them up.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use parquet::arrow::encode_arrow_schema;
use serde_json::Value;

/// The Arrow schema as base64.
const ARROW_SCHEMA: &str = "ARROW:schema";
/// What pandas wants to know of its columns.
const PANDAS: &str = "pandas";
/// Schemas as JSON: objects with `fields`, which have a `name` and a `type`.
const BY_FIELDS: [&str; 5] = [
    "org.apache.spark.sql.parquet.row.metadata",
    "parquet.avro.schema",
    "avro.schema",
    "iceberg.schema",
    "parquet.proto.schema",
];

/// The columns that go, and the schema as Arrow sees it.
pub(in crate::format) struct Described {
    paths: Vec<Vec<String>>,
    arrow: Option<Schema>,
}

impl Described {
    /// Of columns at `paths`; `arrow` is the schema with all columns.
    pub(in crate::format) fn new(paths: Vec<Vec<String>>, arrow: Option<Schema>) -> Described {
        Described { paths, arrow }
    }

    /// The value of an entry without what it says of the columns; `None` where the entry is better left out.
    pub(in crate::format) fn without(&self, key: &str, value: &str) -> Option<String> {
        match key {
            ARROW_SCHEMA => self.arrow_schema(),
            PANDAS => Some(self.json(value, |value, path| {
                if let [name] = path {
                    pandas(value, name);
                }
            })),
            _ if BY_FIELDS.contains(&key) => Some(self.json(value, by_fields)),
            _ => Some(value.to_owned()),
        }
    }

    /// Edits a document for each of the columns; what is no JSON is left as it is.
    fn json(&self, text: &str, edit: impl Fn(&mut Value, &[String])) -> String {
        let Ok(mut value) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
        let before = value.clone();
        self.paths.iter().for_each(|path| edit(&mut value, path));
        if value == before { text.to_owned() } else { value.to_string() }
    }

    /// Without it readers fall back on the types of the file; so where it cannot be edited for sure, it goes.
    fn arrow_schema(&self) -> Option<String> {
        let schema = self.arrow.as_ref()?;
        let mut fields = schema.fields().clone();
        for path in &self.paths {
            fields = without_field(&fields, path)?;
        }
        // What the reader has added of the file's own types.
        let added = |key: &String| key.starts_with("PARQUET:");
        let plain = |field: &FieldRef| {
            let metadata = field.metadata().iter().filter(|(key, _)| !added(key));
            let metadata: HashMap<_, _> = metadata.map(|(key, value)| (key.clone(), value.clone())).collect();
            Field::clone(field).with_metadata(metadata)
        };
        let fields: Fields = fields.iter().map(plain).collect();
        let metadata = schema.metadata().iter();
        let metadata = metadata.filter_map(|(key, value)| Some((key.clone(), self.without(key, value)?)));
        let metadata: HashMap<_, _> = metadata.collect();
        Some(encode_arrow_schema(&Schema::new_with_metadata(fields, metadata)))
    }
}

/// `fields` without the one at `path`, which names the groups of a list, too; `None` where there is none.
fn without_field(fields: &Fields, path: &[String]) -> Option<Fields> {
    let (name, below) = path.split_first()?;
    let at = fields.iter().position(|field| field.name() == name)?;
    let field = fields.get(at)?;
    let mut new: Vec<FieldRef> = fields.iter().cloned().collect();
    if below.is_empty() {
        new.remove(at);
    } else {
        let kind = without_part(field.data_type(), below)?;
        *new.get_mut(at)? = Field::clone(field).with_data_type(kind).into();
    }
    Some(new.into())
}

fn without_part(kind: &DataType, below: &[String]) -> Option<DataType> {
    let element = |child: &FieldRef| {
        // The repeated group, and its element.
        let (_, rest) = below.split_at_checked(2)?;
        Some(FieldRef::new(Field::clone(child).with_data_type(without_part(child.data_type(), rest)?)))
    };
    Some(match kind {
        DataType::Struct(children) => DataType::Struct(without_field(children, below)?),
        DataType::List(child) => DataType::List(element(child)?),
        DataType::LargeList(child) => DataType::LargeList(element(child)?),
        _ => return None,
    })
}

fn pandas(value: &mut Value, name: &str) {
    let is_named = |entry: &Value| entry.as_str() == Some(name);
    if let Some(columns) = value.get_mut("columns").and_then(Value::as_array_mut) {
        let is_it = |column: &Value| column.get("field_name").or_else(|| column.get("name")).is_some_and(is_named);
        columns.retain(|column| !is_it(column));
    }
    for list in ["index_columns", "partition_columns"] {
        if let Some(names) = value.get_mut(list).and_then(Value::as_array_mut) {
            names.retain(|entry| !is_named(entry));
        }
    }
}

fn by_fields(value: &mut Value, path: &[String]) {
    let Some((name, below)) = path.split_first() else { return };
    let Some(fields) = value.get_mut("fields").and_then(Value::as_array_mut) else { return };
    let is_named = |field: &Value| field.get("name").and_then(Value::as_str) == Some(name);
    if below.is_empty() {
        fields.retain(|field| !is_named(field));
        return;
    }
    if let Some(kind) = fields.iter_mut().find(|field| is_named(field)).and_then(|field| field.get_mut("type")) {
        match kind {
            // A union of Avro: the other one is null.
            Value::Array(kinds) => kinds.iter_mut().for_each(|kind| by_fields(kind, below)),
            kind => by_fields(kind, below),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(paths: &[&[&str]], arrow: Option<Schema>) -> Described {
        let owned = |path: &&[&str]| path.iter().map(|part| (*part).to_owned()).collect();
        Described::new(paths.iter().map(owned).collect(), arrow)
    }

    #[test]
    fn copies_of_the_schema_forget_the_columns() {
        let described = described(&[&["phone"], &["who", "id"]], None);
        let spark = r#"{"type":"struct","fields":[{"name":"n","type":"long"},{"name":"phone","type":"string"},{"name":"who","type":{"type":"struct","fields":[{"name":"id","type":"string"},{"name":"x","type":"string"}]}}]}"#;
        let left = described.without("org.apache.spark.sql.parquet.row.metadata", spark).unwrap();
        let expected: Value = serde_json::from_str(r#"{"type":"struct","fields":[{"name":"n","type":"long"},{"name":"who","type":{"type":"struct","fields":[{"name":"x","type":"string"}]}}]}"#).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&left).unwrap(), expected);
        let avro = r#"{"type":"record","fields":[{"name":"who","type":["null",{"type":"record","fields":[{"name":"id","type":"string"}]}]}]}"#;
        let left: Value = serde_json::from_str(&described.without("parquet.avro.schema", avro).unwrap()).unwrap();
        let who = serde_json::json!(["null", {"type": "record", "fields": []}]);
        assert_eq!(left, serde_json::json!({"type": "record", "fields": [{"name": "who", "type": who}]}));
        let pandas = r#"{"columns":[{"name":"n","field_name":"n"},{"name":"phone","field_name":"phone"}],"index_columns":["phone"]}"#;
        let left: Value = serde_json::from_str(&described.without("pandas", pandas).unwrap()).unwrap();
        assert_eq!(left, serde_json::json!({"columns": [{"name": "n", "field_name": "n"}], "index_columns": []}));
        assert_eq!(described.without("note", "phone").unwrap(), "phone");
        assert_eq!(described.without("pandas", "no JSON").unwrap(), "no JSON");
        assert_eq!(described.without(ARROW_SCHEMA, "…"), None);
    }

    #[test]
    fn fields_within_structures_and_lists_are_found() {
        let who = DataType::Struct(
            vec![Field::new("id", DataType::Utf8, true), Field::new("x", DataType::Utf8, true)].into(),
        );
        let list = DataType::List(Field::new("element", who.clone(), true).into());
        let fields: Fields =
            vec![Field::new("n", DataType::Int64, true), Field::new("l", list, true), Field::new("w", who, true)]
                .into();
        let parts = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let left = without_field(&fields, &parts("l.list.element.id")).unwrap();
        assert!(!format!("{:?}", left.get(1)).contains("id") && format!("{:?}", left.get(2)).contains("id"));
        let left = without_field(&left, &parts("w.x")).unwrap();
        let left = without_field(&left, &parts("n")).unwrap();
        assert_eq!(left.len(), 2);
        assert!(!format!("{:?}", left.get(1)).contains("\"x\""));
        assert_eq!(without_field(&fields, &parts("w.y")), None);
        assert_eq!(without_field(&fields, &parts("n.key_value.value")), None);
    }
}
