package io.winnow.lifecycle.trainingset;

import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.MilliSeconds;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.StringType;
import org.apache.parquet.format.TimeUnit;
import org.apache.parquet.format.TimestampType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type.Repetition;

/** What both ends of a file agree on: magic numbers and how the footer tells the schema. */
final class Footers {
  /** At both ends of a file. */
  static final byte[] MAGIC = {'P', 'A', 'R', '1'};

  /** The footer's length and the magic number, at the very end. */
  static final int TAIL_BYTES = 8;

  /** Of the footer's key-value metadata: the provenance as JSON. */
  static final String PROVENANCE = "winnow.provenance";

  /** Of the footer's key-value metadata: how many rows the file has. */
  static final String ROWS = "winnow.rows";

  private Footers() {}

  /** A flat schema as the footer holds it. */
  static List<SchemaElement> schema(MessageType type) {
    List<SchemaElement> elements = new ArrayList<>();
    SchemaElement root = new SchemaElement(type.getName());
    root.setNum_children(type.getFieldCount());
    elements.add(root);
    for (ColumnDescriptor column : type.getColumns()) {
      elements.add(element(column.getPrimitiveType()));
    }
    return elements;
  }

  private static SchemaElement element(PrimitiveType type) {
    SchemaElement element = new SchemaElement(type.getName());
    element.setType(physical(type));
    element.setRepetition_type(
        type.isRepetition(Repetition.OPTIONAL)
            ? FieldRepetitionType.OPTIONAL
            : FieldRepetitionType.REQUIRED);
    switch (type.getLogicalTypeAnnotation()) {
      case null -> {}
      case LogicalTypeAnnotation.StringLogicalTypeAnnotation _ -> {
        element.setLogicalType(LogicalType.STRING(new StringType()));
        element.setConverted_type(ConvertedType.UTF8);
      }
      case LogicalTypeAnnotation.TimestampLogicalTypeAnnotation _ -> {
        element.setLogicalType(
            LogicalType.TIMESTAMP(new TimestampType(true, TimeUnit.MILLIS(new MilliSeconds()))));
        element.setConverted_type(ConvertedType.TIMESTAMP_MILLIS);
      }
      case LogicalTypeAnnotation other -> throw new IllegalArgumentException("type " + other);
    }
    return element;
  }

  static org.apache.parquet.format.Type physical(PrimitiveType type) {
    return switch (type.getPrimitiveTypeName()) {
      case BINARY -> org.apache.parquet.format.Type.BYTE_ARRAY;
      case BOOLEAN -> org.apache.parquet.format.Type.BOOLEAN;
      case INT32 -> org.apache.parquet.format.Type.INT32;
      case INT64 -> org.apache.parquet.format.Type.INT64;
      case FLOAT -> org.apache.parquet.format.Type.FLOAT;
      case DOUBLE -> org.apache.parquet.format.Type.DOUBLE;
      case INT96, FIXED_LEN_BYTE_ARRAY ->
          throw new IllegalArgumentException("type " + type.getPrimitiveTypeName());
    };
  }
}
