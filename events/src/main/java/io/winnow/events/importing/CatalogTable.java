package io.winnow.events.importing;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Imports;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Turns the rows of one table into items or users. Of several rows with one id the first tells an
 * attribute, and later ones only what was still missing: what was known first is what a request of
 * that time could have seen.
 */
final class CatalogTable<K> {
  private final Columns.TextReader id;
  private final Map<String, Columns.AttributeReader> attributes;
  private final Function<String, K> constructor;
  private final String idKey;

  /**
   * Finds the columns.
   *
   * @param idKey {@code item} or {@code user}: may stand in place of {@code id}
   */
  CatalogTable(
      Imports.Table table,
      Map<String, AttributeType> declared,
      Columns columns,
      String idKey,
      Function<String, K> constructor) {
    this.constructor = constructor;
    this.idKey = idKey;
    for (String key : table.columns().keySet()) {
      if (!key.equals("id") && !key.equals(idKey) && !key.startsWith("attributes.")) {
        columns.problem("columns." + key, key, "id or attributes.NAME");
      }
    }
    Imports.Column column = table.columns().getOrDefault("id", table.columns().get(idKey));
    if (column == null) {
      columns.problem("columns.id", "none", "a column");
      this.id = row -> null;
    } else {
      this.id = columns.text("id", column);
    }
    this.attributes = columns.attributes(table, declared);
  }

  /** Takes a row into what is known so far. */
  void take(Row row, Map<K, Map<String, AttributeValue>> known, ImportReport.Tally tally)
      throws BadRowException {
    K key = EventTable.identifier(idKey, id.read(row), constructor);
    Map<String, AttributeValue> values = known.get(key);
    boolean isNew = values == null;
    if (values == null) {
      values = HashMap.newHashMap(attributes.size());
      known.put(key, values);
    }
    boolean added = false;
    for (Map.Entry<String, Columns.AttributeReader> attribute : attributes.entrySet()) {
      if (values.containsKey(attribute.getKey())) {
        continue;
      }
      try {
        AttributeValue value = attribute.getValue().read(row);
        if (value != null) {
          values.put(attribute.getKey(), value);
          added = true;
        }
      } catch (BadRowException e) {
        tally.incomplete(e.reason(), row.line(), e.value());
      }
    }
    if (isNew || added) {
      tally.accept();
    } else {
      tally.duplicate();
    }
  }
}
