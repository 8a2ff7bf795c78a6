package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The published schema says what the reader says. */
final class JsonSchemaTest {
  static final List<String> NAMES = Presets.NAMES;

  /** The keywords that the check below understands; another one in the schema fails a test. */
  private static final Set<String> KEYWORDS =
      Set.of(
          "$schema",
          "$defs",
          "$ref",
          "title",
          "description",
          "examples",
          "type",
          "enum",
          "anyOf",
          "properties",
          "additionalProperties",
          "propertyNames",
          "required",
          "minProperties",
          "items",
          "minItems",
          "pattern",
          "minLength",
          "maxLength",
          "minimum",
          "maximum");

  private JsonNode schema = NullNode.instance;

  @BeforeEach
  void readSchema() throws Exception {
    schema = new ObjectMapper().readTree(ApplicationFile.jsonSchema());
  }

  private Set<String> keys(String pointer) {
    Set<String> keys = new TreeSet<>();
    schema.at(pointer + "/properties").fieldNames().forEachRemaining(keys::add);
    assertFalse(keys.isEmpty(), pointer);
    return keys;
  }

  private static Set<String> set(List<String> list) {
    return new TreeSet<>(list);
  }

  @Test
  void keys_everySection_equalTheReaders() {
    assertEquals(set(ApplicationFile.KEYS), keys(""));
    assertEquals(set(SchemaReader.ENTITY_KEYS), keys("/properties/items"));
    assertEquals(set(SchemaReader.ENTITY_KEYS), keys("/properties/users"));
    assertEquals(
        set(SchemaReader.EVENT_KEYS),
        keys("/properties/events/anyOf/1/additionalProperties/anyOf/1"));
    assertEquals(
        set(PolicyReader.OBJECTIVE_KEYS),
        keys("/properties/objectives/additionalProperties/anyOf/1"));
    assertEquals(set(Policy.Retrieval.SOURCES), keys("/properties/retrieval"));
    assertEquals(set(PolicyReader.RERANKING_KEYS), keys("/properties/reranking"));
    assertEquals(
        set(PolicyReader.DIVERSITY_KEYS), keys("/properties/reranking/properties/diversity"));
    assertEquals(set(PolicyReader.SERVING_KEYS), keys("/properties/serving"));
    assertEquals(set(LifecycleReader.RETRAINING_KEYS), keys("/properties/retraining"));
    String rollout = "/properties/rollout";
    assertEquals(set(LifecycleReader.ROLLOUT_KEYS), keys(rollout));
    assertEquals(set(LifecycleReader.GATE_KEYS), keys(rollout + "/properties/gate"));
    assertEquals(set(LifecycleReader.SHADOW_KEYS), keys(rollout + "/properties/shadow"));
    assertEquals(set(LifecycleReader.CANARY_KEYS), keys(rollout + "/properties/canary"));
    assertEquals(set(LifecycleReader.LIVE_KEYS), keys(rollout + "/properties/live"));
    assertEquals(set(LifecycleReader.JOBS_KEYS), keys("/properties/jobs"));
    assertEquals(set(LifecycleReader.KEEP_KEYS), keys("/properties/jobs/properties/keep"));
    assertEquals(
        set(ExperimentsReader.METRIC_KEYS),
        keys("/properties/metrics/additionalProperties/anyOf/1"));
    String experiment = "/properties/experiments/additionalProperties";
    assertEquals(set(ExperimentsReader.EXPERIMENT_KEYS), keys(experiment));
    assertEquals(set(ExperimentsReader.BANDIT_KEYS), keys(experiment + "/properties/bandit"));
    assertEquals(
        set(ExperimentsReader.ARM_KEYS),
        keys(experiment + "/properties/arms/additionalProperties/anyOf/1"));
    assertEquals(set(FeatureStoreReader.KEYS), keys("/properties/feature_store"));
    assertEquals(
        set(FeatureStoreReader.VIEW_KEYS),
        keys("/properties/feature_store/properties/views/additionalProperties/anyOf/1"));
    assertEquals(
        set(FeatureStoreReader.AUDIT_KEYS), keys("/properties/feature_store/properties/audit"));
    assertEquals(set(EnginesReader.KEYS), keys("/properties/engines"));
    assertEquals(set(ImportsReader.KEYS), keys("/properties/imports"));
    for (String table : ImportsReader.KEYS) {
      String items = "/properties/imports/properties/" + table + "/items";
      assertEquals(set(ImportsReader.TABLE_KEYS), keys(items));
      assertEquals(
          set(
              table.equals("events")
                  ? ImportsReader.EVENT_MAP_KEYS
                  : ImportsReader.ENTITY_MAP_KEYS),
          keys(items + "/properties/map"));
    }
    assertEquals(set(ImportsReader.COLUMN_KEYS), keys("/$defs/column/anyOf/1"));
    List<String> types = new ArrayList<>();
    schema.at("/$defs/attributeType/enum").forEach(type -> types.add(type.textValue()));
    assertEquals(
        Arrays.stream(AttributeType.values()).map(t -> t.name().toLowerCase(Locale.ROOT)).toList(),
        types);
  }

  @ParameterizedTest
  @FieldSource("NAMES")
  void presets_everyOne_isValid(String name) throws Exception {
    assertEquals(List.of(), check(Presets.text(name)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{ events: [click] }",
        "{ application: 3, events: [click] }",
        "{ application: a, events: [] }",
        "{ application: a, events: [click], servng: {} }",
        "{ application: a, events: [click], serving: { slate: 0 } }",
        "{ application: a, events: [click], serving: { deadline: 50 } }",
        "{ application: a, events: [click], features: { usr y: { a: hour_of_day } } }",
        "{ application: a, events: [click], features: { user: { a: 'cnt(click)' } } }",
        "{ application: a, events: { click: { valu: s } } }",
        "{ application: a, events: [click], items: { attributes: { a: sting } } }",
        "{ application: a, events: [click], imports: { events: [ { files: [a] } ] } }",
        "{ application: a, events: [click], features: { user.a x: { a: hour_of_day } } }",
        "{ application: a, events: [click], metrics: { m: 'rato(click, slates)' } }",
        "{ application: a, events: [click], metrics: { m: { better: lower } } }",
        "{ application: a, events: [click], holdout: 0.9 }",
        "{ application: a, events: [click], experiments: { e: {} } }",
        "{ application: a, events: [click], experiments: { e: { arms: { a: {} } } } }",
        "{ application: a, events: [click], experiments: { e: { arms: { a: {}, b: {} }, traffic: 2 } } }",
        "{ application: a, events: [click], experiments: { e: { arms: { a: {}, b: {} }, looks: often } } }",
        "{ application: a, events: [click], experiments: { e: { arms: { a: {}, b: {} }, when: { user: x } } } }",
        "{ application: a, events: [click], experiments: { e: { arms: { a: {}, b: { retrieval: { x: 1 } } } } } }",
        "{ application: a, events: [click], feature_store: { vews: {} } }",
        "{ application: a, events: [click], feature_store: { views: { user: { ttl: 9 } } } }",
        "{ application: a, events: [click], feature_store: { views: { 'a x b x c': {} } } }",
        "{ application: a, events: [click], feature_store: { audit: { sample: 2 } } }",
        "{ application: a, events: [click], engines: { log: 'kafka://a:1' } }",
        "{ application: a, events: [click], engines: { registry: 'mysql://a/b' } }",
        "{ application: a, events: [click], engines: { artifacts: here } }",
        "{ application: a, events: [click], retraining: { cadence: nightly } }",
        "{ application: a, events: [click], retraining: { on: [full_moon] } }",
        "{ application: a, events: [click], rollout: { gate: { metric: rmse } } }",
        "{ application: a, events: [click], rollout: { canary: { shares: [0.7] } } }",
        "{ application: a, events: [click], jobs: { keep: { releases: 0 } } }",
        "{ application: a, events: [click], engines: { log: 'redis://a' } }",
        "{ application: a, events: [click], engines: { features: 'redis://u@a' } }",
        "{ application: a, events: [click], engines: { features: 'redis://a?timeout=1' } }",
      })
  void files_thatTheReaderRefuses_areInvalid(String yaml) throws Exception {
    assertFalse(check(yaml).isEmpty());
    assertThrows(WinnowException.class, () -> ApplicationFile.parse(yaml, "winnow.yaml", Map.of()));
  }

  @Test
  void files_thatTheReaderTakes_areValid() throws Exception {
    String yaml =
        """
        application: a
        items: { attributes: { topic: string } }
        users: { attributes: { country: string } }
        events: { click: { value: euros } }
        features:
          topic: { a: "count(click) over 1h, 1d late 30m" }
          item.topic: { b: distinct(click.user) over 1d }
          user.country: { a: mean(click.value) over 1d }
          user.country x item: { a: min(click.value) over 1d, b: max(click.value) over 1d }
          user x item.topic: { a: decay(click) half_life 3d, b: "quantile(0.5, click.value) over 1d" }
        feature_store:
          views: { user x topic: { ttl: 90d, max_keys: 2000 }, topic: }
          audit: { sample: 0.5, max_mismatches: 0 }
        metrics:
          ctr: ratio(click, impression)
          spent: { is: mean(click.value) cap 100, better: higher }
          shown: { is: "exposure(topic, news)", better: lower }
        experiments:
          first:
            arms: { control: , treatment: { weight: 2, retrieval: { fresh: 0 }, reranking: { explore: 0.1 } } }
            share: [0, 0.5]
            when: { surface: home, user.country: [de, at], context.version: 3 }
            from: 2026-12-01
            primary: ctr
            guardrails: { spent: 0.02 }
            segments: [user.country, new_users]
            looks: always
        holdout: 0.02
        testers: { tester: { first: treatment } }
        engines: { log: "kafka://a:9092,b:9092/events", features: "rediss://u:p@r:1/2?prefix=x" }
        """;
    assertEquals(List.of(), check(yaml));
    assertEquals(8, ApplicationFile.parse(yaml, "w", Map.of()).definition().features().size());
  }

  private List<String> check(String yaml) throws Exception {
    List<String> errors = new ArrayList<>();
    check(new YAMLMapper().readTree(yaml), schema, "", errors);
    return errors;
  }

  /** The part of JSON Schema that our schema uses. */
  private void check(JsonNode value, JsonNode rule, String path, List<String> errors) {
    if (rule.isBoolean()) {
      expect(rule.booleanValue(), path, "nothing here", errors);
      return;
    }
    rule.fieldNames().forEachRemaining(keyword -> assertTrue(KEYWORDS.contains(keyword), keyword));
    if (rule.has("$ref")) {
      check(value, schema.at(rule.get("$ref").asText().substring(1)), path, errors);
    }
    if (rule.has("anyOf")) {
      boolean any = false;
      for (JsonNode branch : rule.get("anyOf")) {
        List<String> inBranch = new ArrayList<>();
        check(value, branch, path, inBranch);
        any |= inBranch.isEmpty();
      }
      expect(any, path, "any of " + rule.get("anyOf"), errors);
    }
    if (rule.has("type")) {
      expect(hasType(value, rule.get("type")), path, rule.get("type").toString(), errors);
    }
    if (rule.has("enum")) {
      boolean found = false;
      for (JsonNode constant : rule.get("enum")) {
        found |= constant.equals(value);
      }
      expect(found, path, rule.get("enum").toString(), errors);
    }
    checkScalar(value, rule, path, errors);
    if (value.isObject()) {
      checkObject(value, rule, path, errors);
    }
    if (value.isArray() && rule.has("items")) {
      expect(value.size() >= rule.path("minItems").asInt(0), path, "more elements", errors);
      for (JsonNode element : value) {
        check(element, rule.get("items"), path + "[]", errors);
      }
    }
  }

  private static void checkScalar(JsonNode value, JsonNode rule, String path, List<String> errors) {
    if (value.isTextual()) {
      String text = value.textValue();
      String pattern = rule.path("pattern").asText("");
      expect(Pattern.compile(pattern).matcher(text).find(), path, pattern, errors);
      expect(text.length() >= rule.path("minLength").asInt(0), path, "longer", errors);
      expect(
          text.length() <= rule.path("maxLength").asInt(Integer.MAX_VALUE), path, "less", errors);
    }
    if (value.isNumber()) {
      double number = value.doubleValue();
      expect(number >= rule.path("minimum").asDouble(-1e300), path, "minimum", errors);
      expect(number <= rule.path("maximum").asDouble(1e300), path, "maximum", errors);
    }
  }

  private void checkObject(JsonNode value, JsonNode rule, String path, List<String> errors) {
    expect(value.size() >= rule.path("minProperties").asInt(0), path, "more keys", errors);
    for (JsonNode required : rule.path("required")) {
      expect(value.has(required.asText()), path, required.toString(), errors);
    }
    value
        .properties()
        .forEach(entry -> {
          String key = entry.getKey();
          if (rule.has("propertyNames")) {
            JsonNode name = new ObjectMapper().getNodeFactory().textNode(key);
            check(name, rule.get("propertyNames"), path + "." + key, errors);
          }
          JsonNode property = rule.path("properties").get(key);
          JsonNode child = property == null ? rule.get("additionalProperties") : property;
          if (child != null) {
            check(entry.getValue(), child, path + "." + key, errors);
          }
        });
  }

  private static boolean hasType(JsonNode value, JsonNode type) {
    if (type.isArray()) {
      boolean any = false;
      for (JsonNode one : type) {
        any |= hasType(value, one);
      }
      return any;
    }
    return switch (type.asText()) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "boolean" -> value.isBoolean();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      case "null" -> value.isNull();
      default -> throw new AssertionError(type);
    };
  }

  private static void expect(boolean holds, String path, String what, List<String> errors) {
    if (!holds) {
      errors.add(path + ": " + what);
    }
  }
}
