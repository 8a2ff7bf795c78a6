package io.winnow.core.application;

import io.winnow.core.application.FeatureDefinition.Entity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the labels of entities: {@code user}, {@code item}, {@code request}, {@code category},
 * {@code user.country}, {@code user.country x category}. An attribute of items is written bare or
 * as {@code item.category}; the bare form is the label.
 *
 * <p>The words {@code user}, {@code item} and {@code request} always mean themselves: an attribute
 * of items that is called so makes no entity, because its label could not be told apart.
 */
final class EntityReader {
  private static final String USER = "user";
  private static final String ITEM = "item";
  private static final String REQUEST = "request";
  private static final List<String> RESERVED = List.of(USER, ITEM, REQUEST);
  private static final String OF_USER = "user.";
  private static final String OF_ITEM = "item.";

  private final Schema schema;

  EntityReader(Schema schema) {
    this.schema = schema;
  }

  /** The entity of a label, or nothing if it is none. */
  Optional<Entity> read(String label) {
    List<String> words = words(label);
    if (words.size() == 3 && words.get(1).equals("x")) {
      Optional<Entity.Key> user = userKey(words.getFirst());
      Optional<Entity.Key> item = itemKey(words.getLast());
      return user.isPresent() && item.isPresent()
          ? Optional.of(new Entity.Keys(user.get(), item.get()))
          : Optional.empty();
    }
    if (words.size() != 1) {
      return Optional.empty();
    }
    String word = words.getFirst();
    if (word.equals(REQUEST)) {
      return Optional.of(new Entity.Request());
    }
    Optional<Entity> ofUser = userKey(word).map(key -> new Entity.Keys(key, Entity.Key.NONE));
    return ofUser.isPresent()
        ? ofUser
        : itemKey(word).map(key -> new Entity.Keys(Entity.Key.NONE, key));
  }

  /** What would be an entity instead of this label. */
  String expectation(String label) {
    for (String word : words(label)) {
      String reason = unusable(word);
      if (!reason.isEmpty()) {
        return reason;
      }
    }
    List<String> users = users();
    List<String> items = items();
    List<String> single = new ArrayList<>(users);
    single.addAll(items);
    single.add(REQUEST);
    String known =
        "one of "
            + String.join(", ", single)
            + ", or U x I with U of "
            + String.join(", ", users)
            + " and I of "
            + String.join(", ", items);
    return nearest(label, users, items, single)
        .map(near -> known + "; did you mean '" + near + "'?")
        .orElse(known);
  }

  /** Why a word that names an attribute is no side of an entity, or nothing. */
  private String unusable(String word) {
    boolean ofUser = word.startsWith(OF_USER);
    String name = ofUser || word.startsWith(OF_ITEM) ? word.substring(OF_USER.length()) : word;
    if (word.startsWith(OF_ITEM) && RESERVED.contains(name)) {
      return "an attribute of items under another name: '" + name + "' is an entity of its own";
    }
    Map<String, AttributeType> attributes =
        ofUser ? schema.userAttributes() : schema.itemAttributes();
    AttributeType type = RESERVED.contains(word) ? null : attributes.get(name);
    return type == null || isCategory(type)
        ? ""
        : "an attribute of type string or strings; "
            + word
            + " is of type "
            + type.name().toLowerCase(Locale.ROOT);
  }

  private static Optional<String> nearest(
      String label, List<String> users, List<String> items, List<String> single) {
    List<String> words = words(label);
    if (words.size() == 3) {
      Optional<String> user = NearestName.of(words.getFirst(), users);
      Optional<String> item = NearestName.of(words.getLast(), items);
      if (user.isPresent() && item.isPresent()) {
        return Optional.of(user.get() + " x " + item.get());
      }
      user = NearestName.of(words.getLast(), users);
      item = NearestName.of(words.getFirst(), items);
      if (user.isPresent() && item.isPresent()) {
        return Optional.of(user.get() + " x " + item.get());
      }
    }
    List<String> candidates = new ArrayList<>(single);
    items.forEach(item -> candidates.add(USER + " x " + item));
    return NearestName.of(label.strip(), candidates);
  }

  private Optional<Entity.Key> userKey(String word) {
    if (word.equals(USER)) {
      return Optional.of(Entity.Key.ID);
    }
    return word.startsWith(OF_USER)
        ? category(word.substring(OF_USER.length()), schema.userAttributes())
        : Optional.empty();
  }

  private Optional<Entity.Key> itemKey(String word) {
    if (word.equals(ITEM)) {
      return Optional.of(Entity.Key.ID);
    }
    String name = word.startsWith(OF_ITEM) ? word.substring(OF_ITEM.length()) : word;
    return RESERVED.contains(name) ? Optional.empty() : category(name, schema.itemAttributes());
  }

  private static Optional<Entity.Key> category(String name, Map<String, AttributeType> attributes) {
    AttributeType type = attributes.get(name);
    return type != null && isCategory(type)
        ? Optional.of(new Entity.Key.Attribute(name))
        : Optional.empty();
  }

  private static boolean isCategory(AttributeType type) {
    return type == AttributeType.STRING || type == AttributeType.STRINGS;
  }

  private List<String> users() {
    List<String> users = new ArrayList<>(List.of(USER));
    FeaturesReader.categories(schema.userAttributes()).forEach(name -> users.add(OF_USER + name));
    return users;
  }

  private List<String> items() {
    List<String> items = new ArrayList<>(List.of(ITEM));
    FeaturesReader.categories(schema.itemAttributes()).stream()
        .filter(name -> !RESERVED.contains(name))
        .forEach(items::add);
    return items;
  }

  private static List<String> words(String label) {
    return List.of(label.strip().split("\\s+"));
  }
}
