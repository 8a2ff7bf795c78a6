package io.winnow.lifecycle;

import io.winnow.core.application.ApplicationFile;
import java.util.Map;

/** Application files for tests. */
public final class TestApplications {
  private TestApplications() {}

  /** Clicks and watches of items with a category; three objectives, outcomes within 30 minutes. */
  public static ApplicationFile clips() {
    return ApplicationFile.parse(
        """
        application: clips
        items:
          attributes: { category: string }
        events:
          click: {}
          watch: { value: seconds }
        features:
          user: { clicks_1d: count(click) over 1d }
          item: { clicks_1d: count(click) over 1d, clicks_7d: count(click) over 7d }
          user x category: { clicks_7d: count(click) over 7d }
        objectives:
          click: 1.0
          long_view: { when: watch.value >= 30, weight: 2.0 }
        outcome_window: 30m
        retrieval: { two_tower: 50, item_to_item: 50, ease: 30, ials: 30, trending: 20, popular: 20, fresh: 10 }
        """,
        "clips.yaml",
        Map.of());
  }
}
