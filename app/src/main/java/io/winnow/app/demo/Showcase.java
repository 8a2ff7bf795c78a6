package io.winnow.app.demo;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.features.Catalog;
import io.winnow.features.OnlineStore;
import io.winnow.features.UserHistory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Picks people whose tastes differ, and shows their histories beside their slates. */
public final class Showcase {
  private static final int HISTORY = 8;
  private static final int SLATE = 10;

  private Showcase() {}

  /**
   * One person.
   *
   * @param attributes such as {@code age_group}
   * @param favourite the category that the person chose most
   * @param history the newest items, newest first
   * @param slate best first
   */
  public record Person(
      String user,
      Map<String, String> attributes,
      String favourite,
      List<Seen> history,
      List<ApiClient.Line> slate) {}

  /** An item of a history. */
  public record Seen(String item, String title, String category, long timeMs) {}

  /**
   * Asks for slates for people of Winnow's arm whose favourite categories differ; of each category
   * the one with the longest history.
   *
   * @param users whom to choose from
   * @param count how many at most
   */
  public static List<Person> people(
      Set<UserId> users, OnlineStore store, ApiClient client, Seed seed, int count) {
    List<UserId> active =
        users.stream()
            .filter(user -> Arm.of(user, seed) == Arm.WINNOW)
            .sorted(
                Comparator.<UserId>comparingInt(user -> -store.history(user).length())
                    .thenComparing(UserId::value))
            .toList();
    List<Person> people = new ArrayList<>();
    Set<String> favourites = new HashSet<>();
    for (UserId user : active) {
      if (people.size() < count && favourites.add(favourite(store, user))) {
        people.add(person(store, user, client.recommend(user, SLATE, Map.of()).items()));
      }
    }
    return people;
  }

  private static Person person(OnlineStore store, UserId user, List<ApiClient.Line> slate) {
    Catalog catalog = store.catalog();
    UserHistory history = store.history(user);
    List<Seen> seen = new ArrayList<>();
    Set<Integer> items = new HashSet<>();
    for (int i = history.length() - 1; i >= 0 && seen.size() < HISTORY; i--) {
      if (items.add(history.items()[i])) {
        ItemId item = catalog.item(history.items()[i]);
        seen.add(
            new Seen(
                item.value(),
                title(catalog, item),
                category(catalog, history.items()[i]),
                history.timesMs()[i]));
      }
    }
    Map<String, String> attributes = new java.util.TreeMap<>();
    store
        .userAttributes(user)
        .forEach((name, value) -> attributes.put(name, String.join(", ", value.categories())));
    return new Person(user.value(), attributes, favourite(store, user), seen, slate);
  }

  private static String favourite(OnlineStore store, UserId user) {
    Map<String, Integer> counts = new HashMap<>();
    for (int item : store.history(user).items()) {
      counts.merge(category(store.catalog(), item), 1, Integer::sum);
    }
    return counts.entrySet().stream()
        .max(Map.Entry.<String, Integer>comparingByValue().thenComparing(Map.Entry::getKey))
        .map(Map.Entry::getKey)
        .orElse("");
  }

  /** An item's title, or its id where it has none. */
  static String title(Catalog catalog, ItemId item) {
    int index = catalog.indexOf(item);
    AttributeValue title = index < 0 ? null : catalog.attribute(index, "title");
    return title instanceof AttributeValue.Text(String text) ? text : item.value();
  }

  private static String category(Catalog catalog, int index) {
    AttributeValue category = catalog.attribute(index, "category");
    return category == null ? "" : String.join(", ", category.categories());
  }
}
