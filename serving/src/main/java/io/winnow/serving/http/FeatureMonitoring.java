package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.features.AuditReport;
import io.winnow.features.AuditReport.Mismatch;
import io.winnow.features.LiveAudit;

/**
 * What operators see of the audit of served features.
 *
 * @param status of the audit that goes on
 * @param maxMismatches the share of a feature's values above which no release is promoted
 */
public record FeatureMonitoring(LiveAudit.Status status, double maxMismatches) {
  /** As {@code GET /v1/monitoring/features} answers. */
  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("on", status.on());
    json.put("share_of_users", status.share());
    json.put("lag_records", status.lagRecords());
    json.put("problem", status.problem());
    json.setAll(toJson(status.report(), maxMismatches));
    return json;
  }

  /** A report as JSON; examples have their values as decimal numbers and as bits. */
  public static ObjectNode toJson(AuditReport report, double maxMismatches) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("max_mismatches", maxMismatches);
    ArrayNode above = json.putArray("above");
    report.above(maxMismatches).keySet().forEach(above::add);
    json.put("requests", report.requests());
    json.put("impressions", report.impressions());
    json.put("values", report.values());
    json.put("mismatches", report.mismatches());
    ArrayNode features = json.putArray("features");
    report
        .features()
        .forEach((name, count) -> {
          AuditReport.Count recent = report.recent().getOrDefault(name, count);
          features
              .addObject()
              .put("feature", name)
              .put("values", count.values())
              .put("mismatches", count.mismatches())
              .put("share", count.share())
              .put("recent_values", recent.values())
              .put("recent_mismatches", recent.mismatches());
        });
    ObjectNode skipped = json.putObject("skipped");
    report.skipped().forEach((reason, count) -> skipped.put(reason.label(), count));
    ObjectNode notCompared = json.putObject("not_compared");
    report.notCompared().forEach(notCompared::put);
    ArrayNode examples = json.putArray("examples");
    for (Mismatch mismatch : report.examples()) {
      ObjectNode example = examples.addObject();
      example
          .put("feature", mismatch.feature())
          .put("offset", mismatch.offset())
          .put("request", mismatch.requestId())
          .put("release", mismatch.release())
          .put("user", mismatch.user().value())
          .put("item", mismatch.item().value());
      value(example, "logged", mismatch.logged());
      value(example, "replayed", mismatch.replayed());
    }
    return json;
  }

  /** The shortest decimal number that is this float, null if it is none, and its bits. */
  private static void value(ObjectNode json, String name, float value) {
    if (Float.isFinite(value)) {
      json.put(name, value);
    } else {
      json.putNull(name);
    }
    json.put(name + "_bits", Mismatch.bits(value));
  }
}
