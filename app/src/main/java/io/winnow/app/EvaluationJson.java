package io.winnow.app;

import io.winnow.lifecycle.evaluation.EvaluationTable;
import io.winnow.lifecycle.evaluation.EvaluationTable.Difference;
import io.winnow.lifecycle.evaluation.EvaluationTable.Group;
import io.winnow.lifecycle.evaluation.EvaluationTable.Row;
import io.winnow.lifecycle.evaluation.EvaluationTable.SeedRows;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An evaluation as one JSON object, whose keys docs/evaluation.md lists. Keys are added, never
 * renamed.
 */
final class EvaluationJson {
  private EvaluationJson() {}

  /**
   * @param seeds of the trainings
   */
  static Map<String, Object> of(
      EvaluationTable table, String dataset, double cut, List<Long> seeds) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("dataset", dataset);
    result.put("protocol", table.protocol());
    result.put("cut", cut);
    result.put("cut_time", Instant.ofEpochMilli(table.cutMs()).toString());
    result.put("seeds", seeds);
    result.put("targets", table.targets());
    result.put("users", table.details().users());
    result.put("unreachable", table.details().unreachable());
    result.put("unpublished", 0);
    result.put("checked_places", table.details().checkedPlaces());
    result.put("calibration_attribute", table.details().calibrationAttribute());
    result.put("rows", rows(table.rows(), true));
    result.put("differences", differences(table.differences()));
    Map<String, Object> groups = new LinkedHashMap<>();
    for (Group group : table.groups()) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("targets", group.targets());
      fields.put("users", group.users());
      fields.put("items", group.items());
      fields.put("rows", rows(group.rows(), false));
      fields.put("differences", differences(group.differences()));
      groups.put(group.name(), fields);
    }
    result.put("groups", groups);
    List<Map<String, Object>> bySeed = new ArrayList<>();
    for (SeedRows seed : table.details().seeds()) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("seed", seed.seed());
      fields.put("rows", rows(seed.rows(), true));
      bySeed.add(fields);
    }
    result.put("by_seed", bySeed);
    return result;
  }

  private static List<Map<String, Object>> rows(List<Row> rows, boolean trained) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Row row : rows) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("model", row.model());
      fields.put("kind", row.kind().label());
      fields.putAll(row.metrics());
      if (!row.intervals().isEmpty()) {
        fields.put("ci", row.intervals());
      }
      if (!row.spread().isEmpty()) {
        fields.put("sd", row.spread());
      }
      if (trained) {
        fields.put("train_seconds", row.trainSeconds());
      }
      list.add(fields);
    }
    return list;
  }

  private static List<Map<String, Object>> differences(List<Difference> differences) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Difference difference : differences) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("model", difference.model());
      fields.put("minus", difference.minus());
      fields.putAll(difference.metrics());
      fields.put("ci", difference.intervals());
      list.add(fields);
    }
    return list;
  }
}
