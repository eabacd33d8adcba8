/** The same thing, but for some of its methods. */
export function overridden<T extends object>(thing: T, methods: Partial<T>): T {
  return new Proxy(thing, {
    get: (target, name) => {
      const own = methods[name as keyof T];
      if (own !== undefined) return own;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
