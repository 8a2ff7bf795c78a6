/** Tests of the feature store. */
@NullMarked
package io.winnow.features;

import org.jspecify.annotations.NullMarked;
