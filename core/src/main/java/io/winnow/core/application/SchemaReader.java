package io.winnow.core.application;

import io.winnow.core.Event;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code items}, {@code users}, {@code events} and {@code repeats}. */
final class SchemaReader {
  static final List<String> ENTITY_KEYS = List.of("attributes");
  static final List<String> EVENT_KEYS = List.of("value", "required");
  static final int MAX_ATTRIBUTES = 200;
  static final int MAX_EVENT_TYPES = 100;

  private SchemaReader() {}

  static Schema read(Section root) {
    return new Schema(
        attributes(root.get("items"), true),
        attributes(root.get("users"), false),
        events(root.get("events")),
        root.get("repeats").bool(false));
  }

  private static Map<String, AttributeType> attributes(Section entity, boolean items) {
    Section attributes = entity.onlyKeys(ENTITY_KEYS).get("attributes");
    Map<String, AttributeType> types = new LinkedHashMap<>();
    for (String name : attributes.keys()) {
      Section attribute = attributes.get(name);
      checkName(attribute, name);
      if (items && name.equals("item")) {
        attribute.problem(name, "another name: 'user x item' is the pair of user and item");
      }
      types.put(
          name, attribute.oneOf(List.of(AttributeType.values())).orElse(AttributeType.STRING));
    }
    if (types.size() > MAX_ATTRIBUTES) {
      attributes.problem(types.size() + " attributes", "at most " + MAX_ATTRIBUTES);
    }
    return types;
  }

  /** {@code { click: {}, watch: { value: seconds } }} or {@code [click, like]}. */
  private static Map<String, Schema.EventType> events(Section events) {
    Map<String, Schema.EventType> types = new LinkedHashMap<>();
    if (!events.isPresent()) {
      events.problem("at least one event type, such as events: { click: {} }");
      return types;
    }
    if (events.isList()) {
      for (Section element : events.elements()) {
        element
            .text()
            .ifPresent(name -> add(types, element, name, new Schema.EventType("", false)));
      }
    }
    for (String name : events.isList() ? List.<String>of() : events.keys()) {
      Section event = events.get(name).onlyKeys(EVENT_KEYS);
      String unit = event.get("value").text("");
      boolean required = event.get("required").bool(!unit.isEmpty());
      if (required && unit.isEmpty()) {
        event.get("required").problem("false, or a value: what its number counts");
      }
      add(types, event, name, new Schema.EventType(unit, required));
    }
    if (types.isEmpty() && (events.isList() || events.isMapping())) {
      events.problem("at least one event type, such as click: {}");
    }
    if (types.size() > MAX_EVENT_TYPES) {
      events.problem(types.size() + " event types", "at most " + MAX_EVENT_TYPES);
    }
    return types;
  }

  private static void add(
      Map<String, Schema.EventType> types, Section event, String name, Schema.EventType type) {
    checkName(event, name);
    if (name.equals(Event.IMPRESSION)) {
      event.problem(name, "another name: impressions are implied and logged by Winnow");
    } else if (types.put(name, type) != null) {
      event.problem(name + " a second time", "each event type once");
    }
  }

  /** Notes a problem if this is not a name. */
  static void checkName(Section section, String name) {
    if (!Lexer.NAME.matcher(name).matches()) {
      section.problem(name, Lexer.NAME_EXPECTATION);
    }
  }
}
