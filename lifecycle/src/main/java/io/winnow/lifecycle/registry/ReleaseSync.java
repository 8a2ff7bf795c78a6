package io.winnow.lifecycle.registry;

import io.winnow.lifecycle.ReleaseStore;
import java.util.HashSet;
import java.util.Set;

/** Brings into a registry what lies in a store of releases. Stateless. */
public final class ReleaseSync {
  private ReleaseSync() {}

  /**
   * Registers every release of a store that the registry does not know: those that a training
   * process published, and those of a folder that was used before there was a registry.
   *
   * @return how many there were
   */
  public static int register(Registry registry, ReleaseStore store) {
    Set<String> known = new HashSet<>();
    registry.releases().forEach(release -> known.add(release.manifest().version()));
    int registered = 0;
    for (String version : store.versions()) {
      if (known.add(version)) {
        registry.register(store.manifest(version));
        registered++;
      }
    }
    return registered;
  }
}
