//! `table`: Parquet, twenty columns, zstd. Four columns hold identifiers (name, mobile number, ID number, address); the
//! others are numbers, times, words from short lists (which Parquet keeps as dictionaries) and free text.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::corpus::{World, chat, orders};

/// Rows of a record batch.
const BATCH: usize = 8192;
/// Rows of a row group.
const ROW_GROUP: usize = 131_072;

const STATES: &[&str] = &["PAID", "SHIPPED", "DONE", "CANCELLED", "REFUNDING"];
const CHANNELS: &[&str] = &["APP", "WECHAT", "ALIPAY", "H5", "PC"];
const PROVINCES: &[&str] =
    &["北京市", "上海市", "浙江省", "湖北省", "广东省", "四川省", "江苏省", "山东省", "辽宁省", "陕西省"];
const GOODS: &[&str] = &["蓝牙耳机", "纯棉四件套", "儿童积木", "电动牙刷", "保温杯", "徒步鞋", "坚果礼盒", "护眼台灯"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2_1 like Mac OS X) MicroMessenger/8.0.47(0x18002f2d)",
    "Mozilla/5.0 (Linux; Android 14; PJD110) Chrome/116.0.0.0 Mobile Safari/537.36",
    "okhttp/4.12.0",
];

/// What was written.
pub(crate) struct Written {
    /// Rows.
    pub(crate) rows: u64,
    /// Bytes of the values in memory, with four bytes of offset for each text.
    pub(crate) in_memory: u64,
    /// Of them, bytes of text.
    pub(crate) text: u64,
}

/// Writes a table that takes `bytes` bytes in memory to `path`.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(seed: u64, bytes: u64, path: &Path) -> io::Result<Written> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).map_err(io::Error::other)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build();
    let mut world = World::new(seed);
    let mut written = Written { rows: 0, in_memory: 0, text: 0 };
    let mut writer: Option<ArrowWriter<File>> = None;
    while written.in_memory < bytes {
        let batch = batch(&mut world, written.rows, &mut written).map_err(io::Error::other)?;
        let held = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(
                ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties.clone()))
                    .map_err(io::Error::other)?,
            ),
        };
        held.write(&batch).map_err(io::Error::other)?;
        written.rows += batch.num_rows() as u64;
    }
    if let Some(writer) = writer {
        writer.close().map_err(io::Error::other)?;
    }
    Ok(written)
}

/// The texts of a batch, in the order of their columns.
#[derive(Default)]
struct Texts {
    order_no: Vec<String>,
    customer_name: Vec<String>,
    mobile: Vec<String>,
    id_card: Vec<String>,
    address: Vec<String>,
    product: Vec<String>,
    sku: Vec<String>,
    remark: Vec<Option<String>>,
    trace_id: Vec<String>,
}

fn batch(world: &mut World, first: u64, written: &mut Written) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut texts = Texts::default();
    let mut moments = Vec::with_capacity(BATCH);
    for _ in 0..BATCH {
        world.pass(300);
        let person = world.person();
        let mut order_no = String::new();
        orders::number(world, &mut order_no);
        texts.order_no.push(order_no);
        texts.customer_name.push(person.name);
        texts.mobile.push(person.mobile);
        texts.id_card.push(person.resident_id);
        texts.address.push(person.address);
        let random = &mut world.random;
        texts.product.push(format!("{} {}款", random.choose(GOODS), random.below(400)));
        texts.sku.push(format!("SKU{}", random.between(100_000_000, 999_999_999)));
        let mut trace_id = String::new();
        random.uuid(&mut trace_id);
        texts.trace_id.push(trace_id);
        let remark = world.random.per_mille(600).then(|| {
            let mut remark = String::new();
            chat::line(world, false, &mut remark);
            remark
        });
        texts.remark.push(remark);
        moments.push(world.clock.milliseconds as i64 * 1000);
    }
    let columns = columns(world, first, texts, moments);
    for (_, column) in &columns {
        let text =
            column.as_any().downcast_ref::<StringArray>().map(|texts| texts.value_data().len() + 4 * texts.len());
        let width = column.data_type().primitive_width().unwrap_or(1);
        written.text += text.unwrap_or_default() as u64;
        written.in_memory += text.unwrap_or(width * column.len()) as u64;
    }
    RecordBatch::try_from_iter(columns)
}

fn columns(world: &mut World, first: u64, texts: Texts, moments: Vec<i64>) -> Vec<(&'static str, ArrayRef)> {
    let random = &mut world.random;
    let mut words = |list: &[&'static str]| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..BATCH).map(|_| random.choose(list))))
    };
    let (status, channel, province, agent) = (words(STATES), words(CHANNELS), words(PROVINCES), words(AGENTS));
    let text = |values: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let mut numbers = |last: u64| -> Vec<u64> { (0..BATCH).map(|_| random.between(1, last)).collect() };
    let long =
        |values: Vec<u64>| -> ArrayRef { Arc::new(Int64Array::from_iter_values(values.iter().map(|v| *v as i64))) };
    let short =
        |values: Vec<u64>| -> ArrayRef { Arc::new(Int32Array::from_iter_values(values.iter().map(|v| *v as i32))) };
    let hundredths = |values: Vec<u64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(values.iter().map(|v| *v as f64 / 100.0)))
    };
    let later = moments.iter().map(|moment| moment + 3_600_000_000);
    let updated_at: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter_values(later));
    vec![
        ("id", long((first..first + BATCH as u64).collect())),
        ("order_no", text(texts.order_no)),
        ("customer_id", long(numbers(2_000_000))),
        ("customer_name", text(texts.customer_name)),
        ("mobile", text(texts.mobile)),
        ("id_card", text(texts.id_card)),
        ("address", text(texts.address)),
        ("status", status),
        ("channel", channel),
        ("province", province),
        ("product", text(texts.product)),
        ("sku", text(texts.sku)),
        ("quantity", short(numbers(9))),
        ("price", hundredths(numbers(300_000))),
        ("amount", hundredths(numbers(900_000))),
        ("is_gift", Arc::new(BooleanArray::from(numbers(20).iter().map(|v| *v == 1).collect::<Vec<_>>()))),
        ("remark", Arc::new(StringArray::from(texts.remark))),
        ("user_agent", agent),
        ("trace_id", text(texts.trace_id)),
        ("updated_at", updated_at),
    ]
}
