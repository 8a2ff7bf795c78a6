package io.winnow.lifecycle.trainingset;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.lifecycle.trainingset.TrainingRow.Origin;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a training set: what every row has, one float for each feature under its qualified
 * name, one for each objective as {@code label_NAME}. Qualified names contain a dot and the others
 * do not, so names are unique.
 *
 * @param features qualified names
 * @param objectives names
 */
record TrainingSetSchema(List<String> features, List<String> objectives) {
  static final String TIME = "time";
  static final String AS_OF_OFFSET = "as_of_offset";
  private static final int FIXED = 11;
  private static final String LABEL_PREFIX = "label_";

  TrainingSetSchema {
    features = List.copyOf(features);
    objectives = List.copyOf(objectives);
  }

  /** The columns of a set. */
  static TrainingSetSchema of(Provenance provenance) {
    return new TrainingSetSchema(
        provenance.features().stream().map(Provenance.Feature::name).toList(),
        provenance.objectives().stream().map(Provenance.Label::name).toList());
  }

  /** In the order in which {@link #write} and {@link #read} go. */
  MessageType type() {
    List<Type> columns = new ArrayList<>();
    columns.add(text("request_id", true));
    columns.add(text("user", false));
    columns.add(text("item", false));
    columns.add(Types.optional(PrimitiveTypeName.INT32).named("position"));
    columns.add(
        Types.required(PrimitiveTypeName.INT64)
            .as(LogicalTypeAnnotation.timestampType(true, TimeUnit.MILLIS))
            .named(TIME));
    columns.add(Types.required(PrimitiveTypeName.INT64).named(AS_OF_OFFSET));
    columns.add(Types.optional(PrimitiveTypeName.DOUBLE).named("propensity"));
    columns.add(text("release", true));
    columns.add(text("event_type", false));
    columns.add(Types.optional(PrimitiveTypeName.DOUBLE).named("value"));
    columns.add(Types.required(PrimitiveTypeName.BOOLEAN).named("replayed"));
    for (String feature : features) {
      columns.add(Types.required(PrimitiveTypeName.FLOAT).named(feature));
    }
    for (String objective : objectives) {
      columns.add(Types.required(PrimitiveTypeName.FLOAT).named(LABEL_PREFIX + objective));
    }
    return new MessageType("training_set", columns);
  }

  private static Type text(String name, boolean optional) {
    return (optional
            ? Types.optional(PrimitiveTypeName.BINARY)
            : Types.required(PrimitiveTypeName.BINARY))
        .as(LogicalTypeAnnotation.stringType())
        .named(name);
  }

  /** Appends a row to the columns. */
  void write(TrainingRow row, ColumnWriter[] columns) {
    optionalText(columns[0], row.origin().requestId());
    columns[1].write(Binary.fromString(row.user().value()), 0, 0);
    columns[2].write(Binary.fromString(row.item().value()), 0, 0);
    columns[4].write(row.timeMs(), 0, 0);
    columns[5].write(row.asOfOffset(), 0, 0);
    switch (row.origin()) {
      case Origin.Shown shown -> {
        columns[3].write(shown.position(), 0, 1);
        columns[6].write(shown.propensity(), 0, 1);
        optionalText(columns[7], shown.release());
        columns[8].write(Binary.fromString(Event.IMPRESSION), 0, 0);
        columns[9].writeNull(0, 0);
        columns[10].write(shown.replayed(), 0, 0);
      }
      case Origin.Happened happened -> {
        columns[3].writeNull(0, 0);
        columns[6].writeNull(0, 0);
        columns[7].writeNull(0, 0);
        columns[8].write(Binary.fromString(happened.type()), 0, 0);
        if (Double.isNaN(happened.value())) {
          columns[9].writeNull(0, 0);
        } else {
          columns[9].write(happened.value(), 0, 1);
        }
        columns[10].write(true, 0, 0);
      }
    }
    for (int f = 0; f < features.size(); f++) {
      columns[FIXED + f].write(canonical(row.features()[f]), 0, 0);
    }
    for (int t = 0; t < objectives.size(); t++) {
      columns[FIXED + features.size() + t].write(canonical(row.labels()[t]), 0, 0);
    }
  }

  /** Every NaN as the one NaN, so that equal rows are equal bytes. */
  private static float canonical(float value) {
    return Float.intBitsToFloat(Float.floatToIntBits(value));
  }

  private static void optionalText(ColumnWriter column, @Nullable String text) {
    if (text == null) {
      column.writeNull(0, 0);
    } else {
      column.write(Binary.fromString(text), 0, 1);
    }
  }

  /** Takes the next row from the columns. */
  TrainingRow read(ColumnReader[] columns) {
    String requestId = isPresent(columns[0]) ? text(columns[0]) : null;
    UserId user = new UserId(text(columns[1]));
    ItemId item = new ItemId(text(columns[2]));
    int position = isPresent(columns[3]) ? columns[3].getInteger() : -1;
    long timeMs = columns[4].getLong();
    long asOfOffset = columns[5].getLong();
    double propensity = isPresent(columns[6]) ? columns[6].getDouble() : Double.NaN;
    String release = isPresent(columns[7]) ? text(columns[7]) : "";
    String eventType = text(columns[8]);
    double value = isPresent(columns[9]) ? columns[9].getDouble() : Double.NaN;
    boolean replayed = columns[10].getBoolean();
    Origin origin =
        requestId != null && eventType.equals(Event.IMPRESSION)
            ? new Origin.Shown(requestId, position, propensity, release, replayed)
            : new Origin.Happened(requestId, eventType, value);
    float[] featureValues = floats(columns, FIXED, features.size());
    float[] labels = floats(columns, FIXED + features.size(), objectives.size());
    for (ColumnReader column : columns) {
      column.consume();
    }
    return new TrainingRow(user, item, timeMs, asOfOffset, origin, featureValues, labels);
  }

  private static boolean isPresent(ColumnReader column) {
    return column.getCurrentDefinitionLevel() > 0;
  }

  private static String text(ColumnReader column) {
    return column.getBinary().toStringUsingUTF8();
  }

  private static float[] floats(ColumnReader[] columns, int from, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = columns[from + i].getFloat();
    }
    return values;
  }
}
