// What Tailwind scans and the few values that utilities share with assets/app.css.
export default {
  content: ["./views/**/*.templ"],
  theme: {
    screens: { sm: "40rem", lg: "64rem" },
  },
};
