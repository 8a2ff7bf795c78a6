package io.winnow.lifecycle.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the plan calls releases: {@code champion} and so on. Stateless. */
public final class Aliases {
  private Aliases() {}

  /** The aliases that are given, each with its release. */
  public static Map<String, String> of(ServingPlan plan) {
    Map<String, String> aliases = new TreeMap<>();
    put(aliases, "champion", plan.champion());
    put(aliases, "previous", plan.previous());
    put(aliases, "challenger", plan.challenger());
    put(aliases, "shadow", plan.shadow());
    return aliases;
  }

  private static void put(Map<String, String> aliases, String alias, @Nullable String version) {
    if (version != null) {
      aliases.put(alias, version);
    }
  }

  /** The aliases of one release, in alphabetical order. */
  public static List<String> of(ServingPlan plan, String version) {
    List<String> aliases = new ArrayList<>();
    of(plan)
        .forEach((alias, of) -> {
          if (of.equals(version)) {
            aliases.add(alias);
          }
        });
    return aliases;
  }
}
