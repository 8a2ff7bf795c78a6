package io.winnow.events.importing;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Imports;
import io.winnow.core.application.Imports.Column;
import io.winnow.core.application.Schema;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Turns the rows of one table, in their order, into drafts of events. One thread. */
final class EventTable {
  /** The order of a row that has none: behind all others of its user. */
  static final long NO_ORDER = Long.MAX_VALUE;

  private static final Set<String> KEYS = Set.of("id", "type", "user", "item", "time", "value");

  private final Schema schema;
  private final Columns.TextReader id;
  private final Columns.TextReader type;
  private final Columns.TextReader user;
  private final Columns.TextReader item;
  private final Columns.TimeReader time;
  private final Columns.TextReader order;
  private final Columns.TextReader value;
  private final boolean hasOrder;
  private final boolean gaps;
  private long lastKnownMs;

  /** Finds the columns; what does not fit goes to the problems of {@code columns}. */
  EventTable(Imports.Table table, Schema schema, Columns columns) {
    this.schema = schema;
    for (String key : table.columns().keySet()) {
      if (!KEYS.contains(key)) {
        columns.problem("columns." + key, key, "one of " + String.join(", ", KEYS));
      }
    }
    this.id = optional(table, columns, "id");
    this.type = required(table, columns, "type");
    this.user = required(table, columns, "user");
    this.item = required(table, columns, "item");
    this.value = optional(table, columns, "value");
    if (table.columns().get("type") instanceof Column.Constant(String constant)
        && !schema.events().containsKey(constant)) {
      columns.problem("columns.type", constant, declaredTypes());
    }
    switch (table.columns().get("time")) {
      case Column.Named named -> {
        this.time = columns.time("time", named);
        this.order = row -> null;
        this.hasOrder = false;
        this.gaps = false;
      }
      case Column.OrderedTime(Column.Named named, String orderName) -> {
        this.time = columns.time("time", named);
        this.order =
            orderName == null
                ? row -> null
                : columns.text("time.order", new Column.Named(orderName, "", ""));
        this.hasOrder = orderName != null;
        this.gaps = true;
      }
      case null, default -> {
        columns.problem("columns.time", "none", "a time column");
        this.time = row -> null;
        this.order = row -> null;
        this.hasOrder = false;
        this.gaps = false;
      }
    }
  }

  private static Columns.TextReader required(Imports.Table table, Columns columns, String key) {
    if (!table.columns().containsKey(key)) {
      columns.problem("columns." + key, "none", "a column or a constant");
    }
    return optional(table, columns, key);
  }

  private static Columns.TextReader optional(Imports.Table table, Columns columns, String key) {
    Column column = table.columns().get(key);
    return column == null ? row -> null : columns.text(key, column);
  }

  private String declaredTypes() {
    return "a declared event type: " + String.join(", ", schema.events().keySet());
  }

  /** Whether rows may lack their time and take it from their user's next. */
  boolean hasGaps() {
    return gaps;
  }

  /** The row's place in its user's history; 0 if the table has no such column. */
  long order(Row row) throws BadRowException {
    if (!hasOrder) {
      return gaps ? row.number() : 0;
    }
    String text = order.read(row);
    return text == null ? NO_ORDER : Numbers.whole("order", text);
  }

  /** The row as an event. */
  EventDraft draft(Row row) throws BadRowException {
    String typeName = present("type", type.read(row));
    Schema.EventType declared = schema.events().get(typeName);
    if (declared == null) {
      throw new BadRowException("type: not declared", typeName);
    }
    UserId userId = identifier("user", user.read(row), UserId::new);
    ItemId itemId = identifier("item", item.read(row), ItemId::new);
    Long timeMs = time.read(row);
    if (timeMs == null && !gaps) {
      throw new BadRowException("time: missing", "");
    }
    if (timeMs != null && timeMs < 0) {
      throw new BadRowException("time: before 1970", timeMs.toString());
    }
    double number = number(typeName, declared, value.read(row));
    if (timeMs != null) {
      lastKnownMs = timeMs;
    }
    long known = lastKnownMs;
    String given = id.read(row);
    if (given == null) {
      return EventDraft.withoutId(typeName, userId, itemId, known, timeMs != null, number);
    }
    Event event =
        identifier(
            "id", given, checked -> new Event(checked, typeName, userId, itemId, known, number));
    return new EventDraft(event, timeMs != null, false);
  }

  private static double number(String type, Schema.EventType declared, @Nullable String text)
      throws BadRowException {
    if (text == null) {
      if (declared.required()) {
        throw new BadRowException("value: missing for type " + type, "");
      }
      return Double.NaN;
    }
    if (!declared.hasValue()) {
      throw new BadRowException("value: type " + type + " carries none", text);
    }
    return Numbers.finite("value", text);
  }

  private static String present(String field, @Nullable String text) throws BadRowException {
    if (text == null) {
      throw new BadRowException(field + ": missing", "");
    }
    return text;
  }

  /** Makes an identifier; the fault of a text that is none becomes the row's. */
  static <T> T identifier(String field, @Nullable String text, Function<String, T> constructor)
      throws BadRowException {
    String checked = present(field, text);
    try {
      return constructor.apply(checked);
    } catch (WinnowException e) {
      List<Problem> problems = e.problems();
      String expectation = problems.isEmpty() ? "an identifier" : problems.getFirst().expectation();
      throw new BadRowException(field + ": expected " + expectation, checked);
    }
  }
}
